"""Every mart of two warehouses, row by row and column by column, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

SHOWN = 3


@dataclass(frozen=True)
class Comparison:
    """One mart: rows on the left and on the right, and what differs, as lines to read."""

    mart: str
    left_rows: int
    right_rows: int
    differences: list[str]


def compare(left: Path, right: Path) -> list[Comparison]:
    """Compare all tables of schema `marts`: columns, types, and rows as a multiset."""
    con = duckdb.connect()
    try:
        con.execute(f"attach '{left}' as l (read_only)")
        con.execute(f"attach '{right}' as r (read_only)")
        names = con.execute(
            "select distinct table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        return [_compared(con, name) for (name,) in names]
    finally:
        con.close()


def report(comparisons: list[Comparison]) -> str:
    """Return one line per mart, and below it the first rows that differ."""
    lines = []
    for found in comparisons:
        verdict = "DIFFERS" if found.differences else "equal"
        lines.append(f"{found.mart:<30} {found.left_rows:>8} {found.right_rows:>8} rows  {verdict}")
        lines += [f"    {line}" for line in found.differences]
    return "\n".join(lines)


def _compared(con: duckdb.DuckDBPyConnection, mart: str) -> Comparison:
    columns = {side: _columns(con, side, mart) for side in "lr"}
    if columns["l"] != columns["r"]:
        only = [
            f"column {name} {kind} is on the {where} only"
            for where, mine, other in (("left", "l", "r"), ("right", "r", "l"))
            for name, kind in columns[mine]
            if (name, kind) not in columns[other]
        ]
        return Comparison(mart, _count(con, "l", mart), _count(con, "r", mart), only or ["order"])
    differences = []
    for where, mine, other in (("left", "l", "r"), ("right", "r", "l")):
        rows = con.execute(
            f"select * from {mine}.marts.{mart} except all select * from {other}.marts.{mart} "
            f"order by all limit {SHOWN}"
        ).fetchall()
        names = [name for name, _ in columns["l"]]
        differences += [
            f"{where} only: " + ", ".join(f"{n}={v}" for n, v in zip(names, row, strict=True))
            for row in rows
        ]
    return Comparison(mart, _count(con, "l", mart), _count(con, "r", mart), differences)


def _columns(con: duckdb.DuckDBPyConnection, side: str, mart: str) -> list[tuple[str, str]]:
    return con.execute(
        "select column_name, data_type from duckdb_columns() where database_name = ? "
        "and schema_name = 'marts' and table_name = ? order by column_index",
        [side, mart],
    ).fetchall()


def _count(con: duckdb.DuckDBPyConnection, side: str, mart: str) -> int:
    if not _columns(con, side, mart):
        return 0
    return int(con.execute(f"select count(*) from {side}.marts.{mart}").fetchall()[0][0])
