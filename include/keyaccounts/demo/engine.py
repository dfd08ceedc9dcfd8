"""The DuckDB connection of a run, its random numbers, and the way out to Parquet."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import yaml

from keyaccounts.demo.spec import Spec

SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "money": "DECIMAL(18,2)",
    "quantity": "DECIMAL(18,4)",
    "rate": "DECIMAL(18,8)",
}
TECHNICAL = {"updated_at": "timestamp", "is_deleted": "boolean"}

# bits(purpose, key): 64 random bits that depend on seed, purpose and key only, never on the order
# of work.  u: uniform in [0, 1).  die: 0 to n - 1.  piece: one of four 16-bit
# uniforms in the bits of one draw.
_MACROS = """
create macro bits(purpose, key) as hash(xor(hash(key::ubigint), hash(purpose || '/{seed}')));
create macro u(purpose, key) as (bits(purpose, key) >> 11) / 9007199254740992.0::double;
create macro die(purpose, key, n) as (bits(purpose, key) % n)::bigint;
create macro piece(b, i) as ((b >> (16 * i)) & 65535)::double / 65536;
create macro normal(purpose, key) as
    sqrt(-2 * ln(1 - u(purpose, key))) * cos(2 * pi() * u(purpose || "~", key));
create macro account_id(no) as 'A' || lpad(no::varchar, 6, '0');
create macro user_id(no) as 'U' || lpad(no::varchar, 4, '0');
create macro product_id(no) as 'P' || lpad(no::varchar, 4, '0');
create macro invoice_id(no) as 'INV' || lpad(no::varchar, 8, '0');
create macro credit_id(no) as 'CN' || lpad(no::varchar, 8, '0');
create macro order_id(no) as 'SO' || lpad(no::varchar, 8, '0');
create macro worktime(day, key) as
    day::timestamp + to_minutes((60 + die('minute', key, 480))::bigint);
""".replace('"', "'")


def connect(work: Path, spec: Spec) -> duckdb.DuckDBPyConnection:
    """A connection to a scratch database in `work`, with bounded memory."""
    con = duckdb.connect(str(work / "scratch.duckdb"))
    con.execute("set memory_limit = '3500MB'")
    con.execute(f"set temp_directory = '{work / 'spill'}'")
    con.execute("set threads = least(4, current_setting('threads'))")
    con.execute("set TimeZone = 'UTC'")
    for statement in _MACROS.format(seed=int(spec.seed)).split(";\n"):
        if statement.strip():
            con.execute(statement)
    return con


def contract() -> dict[str, dict[str, str]]:
    """Entity -> column -> contract type, in the order of the source contract."""
    text = resources.files("keyaccounts").joinpath("source_contract.yml").read_text("utf-8")
    entities: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return {
        entity: {name: str(field["type"]) for name, field in fields.items()} | TECHNICAL
        for entity, fields in entities.items()
    }


def export(con: duckdb.DuckDBPyConnection, entity: str, target: Path) -> int:
    """Write view `out_<entity>` to `target` with the contract's columns and types; returns rows.

    A column that the view does not have is written as null (is_deleted as false).
    """
    have = {row[0] for row in con.execute(f"describe out_{entity}").fetchall()}
    columns = ", ".join(
        f"{_value(name, have)}::{SQL_TYPES[kind]} as {name}"
        for name, kind in contract()[entity].items()
    )
    rows = con.execute(
        f"copy (select {columns} from out_{entity}) to '{target}' (format parquet)"
    ).fetchone()
    assert rows is not None
    return int(rows[0])


def _value(name: str, have: set[str]) -> str:
    if name in have:
        return name
    return "false" if name == "is_deleted" else "null"


def scalar(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value of a query; None when it has no row."""
    row = con.execute(sql).fetchone()
    return row[0] if row else None
