"""Land one load: check every row against the contract, keep the good, name the bad."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import duckdb

from keyaccounts.contract import CONTRACT_VERSION, Entity, load_contract
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.loads import MANIFEST, QUARANTINE, ROWS, all_loads, row_digest
from keyaccounts.landing.rules import Rule, is_native, quoted, raw, rules_of, typed
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.files import REJECTS, Incoming, open_file

EXAMPLES = 5
NULLED_EXAMPLES = 1000
# One bit per rule; no entity has as many as 63.
MASK_TYPE = "bigint"
ZERO = f"0::{MASK_TYPE}"
BAD_ROWS_SCHEMA = (
    "source_row bigint, place varchar, row_key varchar, column_name varchar, "
    "value varchar, rule varchar, is_held_back boolean"
)


@dataclass(frozen=True)
class Landed:
    """What came of one entity. Counts are rows; `nulled` counts values made null by column."""

    entity: str
    load: int
    is_new: bool
    rows: int
    quarantined: int
    nulled: dict[str, int]
    unknown_columns: list[str]
    missing_columns: list[str]
    examples: list[str]


def land(settings: Settings, run: Run, entity_name: str) -> Landed:
    """Check one entity's file and land it as a new load, atomically.

    A load whose rows equal those of the newest load is not written again.
    Raises SourceRefusedError when a required column is missing, or when more than
    `settings.max_quarantine_share` of the rows break a rule; then nothing lands.
    """
    if settings.source is None:
        raise SourceRefusedError("no source is set: give --source DIR or KEYACCOUNTS_SOURCE")
    entity = load_contract()[entity_name]
    folder = settings.landing / entity_name
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = folder / f".new-{uuid.uuid4().hex}"
    draft.mkdir()
    con = _connect(settings, draft)
    try:
        incoming = open_file(con, settings.source, entity_name)
        _refuse_missing_columns(entity, incoming)
        return _land(con, settings, run, entity, incoming, draft)
    finally:
        con.close()
        shutil.rmtree(draft, ignore_errors=True)


def _connect(settings: Settings, scratch: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{settings.memory_limit}'")
    con.execute(f"set threads = {settings.threads}")
    con.execute(f"set temp_directory = '{scratch / 'spill'}'")
    return con


def _refuse_missing_columns(entity: Entity, incoming: Incoming) -> None:
    missing = [c.name for c in entity.columns if c.is_required and c.name not in incoming.columns]
    if missing:
        raise SourceRefusedError(
            f"{incoming.label}: required column {', '.join(missing)} is missing; "
            f"the file has {', '.join(incoming.columns)}"
        )


def _land(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    run: Run,
    entity: Entity,
    incoming: Incoming,
    draft: Path,
) -> Landed:
    rules = rules_of(entity, incoming.types)
    _create_checked_view(con, entity, incoming, rules)
    number = _next_number(settings, entity.name)
    columns = ", ".join(column.name for column in entity.columns)
    held_back = _mask(rules, holds_back=True)
    con.execute(
        f"copy (select {columns}, _row, cast({number} as integer) as _load from checked "
        f"where (_broken & {held_back}) = 0) to '{draft / ROWS}' (format parquet)"
    )
    _collect_bad(con, entity, incoming, rules)
    landed = _summary(con, entity, incoming, number, draft)
    _refuse_bad_share(settings, incoming, landed)
    return _commit(con, settings, run, entity, incoming, landed, draft)


def _create_checked_view(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, rules: list[Rule]
) -> None:
    raws = [
        f"nullif(trim(cast({quoted(column.name)} as varchar)), '') as {raw(column.name)}"
        for column in entity.columns
        if column.name in incoming.columns and not is_native(column, incoming.types)
    ]
    values = [f"{typed(c, incoming.types)} as {c.name}" for c in entity.columns]
    bits = [
        f"case when {rule.broken} then {_bit(position)} else {ZERO} end"
        for position, rule in enumerate(rules)
    ]
    # A value that breaks a rule without holding the row back becomes null.
    kept = []
    for column in entity.columns:
        breaks = [r.broken for r in rules if r.column == column.name and not r.holds_back]
        ranges = [f"({b})" for b in breaks if " is null" not in b]
        kept.append(
            f"case when {' or '.join(ranges)} then null else {column.name} end as {column.name}"
            if ranges
            else column.name
        )
    con.execute(
        f"""
        create or replace temp view checked as
        with typed as (select _row, {", ".join([*raws, *values])} from incoming)
        select _row, {", ".join(kept)}, {" + ".join(bits) or ZERO} as _broken
        from typed
        """
    )


def _mask(rules: list[Rule], *, holds_back: bool) -> str:
    bits = sum(1 << position for position, r in enumerate(rules) if r.holds_back == holds_back)
    return f"{bits}::{MASK_TYPE}"


def _bit(position: int) -> str:
    return f"{1 << position}::{MASK_TYPE}"


def _collect_bad(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, rules: list[Rule]
) -> None:
    con.execute(f"create or replace temp table bad_rows ({BAD_ROWS_SCHEMA})")
    con.execute(
        "create or replace temp table broken as "
        "select _row, _broken from checked where _broken <> 0"
    )
    key = " || '|' || ".join(f"coalesce(cast({quoted(k)} as varchar), '')" for k in entity.keys)
    lines = _rejected_lines(con, incoming)
    if con.execute("select count(*) from broken").fetchall()[0][0]:
        con.execute(
            "create or replace temp table broken_values as "
            "select i.* from incoming as i join broken as b using (_row)"
        )
        for position, rule in enumerate(rules):
            limit = "" if rule.holds_back else f"limit {NULLED_EXAMPLES}"
            con.execute(
                f"""
                insert into bad_rows
                select i._row, null, {key}, ?, cast(i.{quoted(rule.column)} as varchar), ?, ?
                from broken_values as i join broken as b using (_row)
                where (b._broken & {_bit(position)}) <> 0
                order by i._row {limit}
                """,
                [rule.column, rule.claim, rule.holds_back],
            )
        _name_places(con, incoming, lines)
    if lines:
        con.executemany(
            "insert into bad_rows values (null, ?, null, '*', ?, ?, true)",
            [[f"{incoming.label} line {line}", text, claim] for line, text, claim in lines],
        )


def _rejected_lines(
    con: duckdb.DuckDBPyConnection, incoming: Incoming
) -> list[tuple[int, str, str]]:
    if not incoming.is_text:
        return []
    rows = con.execute(
        f"select distinct on (line) line, csv_line, lower(error_message) from {REJECTS} "
        "order by line, error_message"
    ).fetchall()
    return [(line, text, f"the line cannot be taken apart: {why}") for line, text, why in rows]


def _name_places(
    con: duckdb.DuckDBPyConnection, incoming: Incoming, lines: list[tuple[int, str, str]]
) -> None:
    # Lines that could not be taken apart are no records, so they shift the rows behind them.
    con.execute("create or replace temp table torn (line bigint)")
    if lines:
        con.executemany("insert into torn values (?)", [[line] for line, _, _ in lines])
    shift = incoming.place.header_rows
    con.execute(
        f"""
        update bad_rows set place = '{incoming.label} row ' || (
            source_row + {shift} + (
                select count(*) from (
                    select line - row_number() over (order by line) as before from torn
                ) as t where t.before < source_row + {shift}
            )
        )
        """
    )


def _summary(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, number: int, draft: Path
) -> Landed:
    rows = con.execute(f"select count(*) from read_parquet('{draft / ROWS}')").fetchall()[0][0]
    held_back = con.execute(
        "select count(distinct coalesce(cast(source_row as varchar), place)) "
        "from bad_rows where is_held_back"
    ).fetchall()[0][0]
    nulled = con.execute(
        "select column_name, count(*) from bad_rows where not is_held_back group by 1 order by 1"
    ).fetchall()
    examples = con.execute(
        "select place, column_name, value, rule, is_held_back from bad_rows "
        "order by is_held_back desc, source_row nulls first, place, column_name "
        f"limit {EXAMPLES}"
    ).fetchall()
    names = {column.name for column in entity.columns}
    return Landed(
        entity=entity.name,
        load=number,
        is_new=True,
        rows=rows,
        quarantined=held_back,
        nulled=dict(nulled),
        unknown_columns=[name for name in incoming.columns if name not in names],
        missing_columns=[
            c.name
            for c in entity.columns
            if c.name not in incoming.columns and c.name not in {"updated_at", "is_deleted"}
        ],
        examples=[_sentence(*example) for example in examples],
    )


def _sentence(place: str, column: str, value: str | None, rule: str, held_back: bool) -> str:
    what = f"{place}, column {column}: " if column != "*" else f"{place}: "
    said = "" if value is None else f"{value[:80]!r} "
    return f"{what}{said}{rule}" + ("" if held_back else " (made null)")


def _refuse_bad_share(settings: Settings, incoming: Incoming, landed: Landed) -> None:
    total = landed.rows + landed.quarantined
    if landed.quarantined and landed.quarantined > settings.max_quarantine_share * total:
        raise SourceRefusedError(
            f"{incoming.label} is refused: {landed.quarantined} of {total} rows break the contract "
            f"(allowed {settings.max_quarantine_share:.1%}). First: " + "; ".join(landed.examples)
        )


def _commit(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    run: Run,
    entity: Entity,
    incoming: Incoming,
    landed: Landed,
    draft: Path,
) -> Landed:
    content_hash = _content_hash(con, entity, draft)
    existing = all_loads(settings, entity.name)
    if existing and existing[-1].manifest["content_hash"] == content_hash:
        return Landed(**{**landed.__dict__, "load": existing[-1].number, "is_new": False})
    con.execute(
        f"copy (select * from bad_rows order by all) to '{draft / QUARANTINE}' (format parquet)"
    )
    manifest = {
        "entity": entity.name,
        "load": landed.load,
        "mode": "full",
        "source": incoming.label,
        "header_rows": incoming.place.header_rows,
        "contract_version": CONTRACT_VERSION,
        "as_of_date": run.as_of_date.isoformat(),
        "loaded_at": run.wall_time.astimezone(UTC).isoformat(timespec="seconds"),
        "window": {"from": None, "to": run.as_of_date.isoformat()},
        "rows": landed.rows,
        "quarantined": landed.quarantined,
        "nulled": landed.nulled,
        "unknown_columns": landed.unknown_columns,
        "missing_columns": landed.missing_columns,
        "content_hash": content_hash,
        "files": [_file_facts(draft / ROWS), _file_facts(draft / QUARANTINE)],
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (draft / MANIFEST).write_text(text, encoding="utf-8")
    shutil.rmtree(draft / "spill", ignore_errors=True)
    draft.rename(settings.landing / entity.name / f"{landed.load:06d}")
    return landed


def _content_hash(con: duckdb.DuckDBPyConnection, entity: Entity, draft: Path) -> str:
    """Return a hash of rows and bad rows that does not depend on the order of rows."""
    columns = ", ".join(column.name for column in entity.columns)
    rows = con.execute(
        f"select count(*), sum({row_digest(columns)}) from read_parquet('{draft / ROWS}')"
    ).fetchall()[0]
    bad = con.execute(
        f"select count(*), sum({row_digest('row_key, column_name, value, rule')}) from bad_rows"
    ).fetchall()[0]
    text = f"{CONTRACT_VERSION}|{columns}|{rows}|{bad}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _file_facts(file: Path) -> dict[str, object]:
    digest = hashlib.sha256()
    with file.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return {"name": file.name, "bytes": file.stat().st_size, "sha256": digest.hexdigest()}


def _next_number(settings: Settings, entity: str) -> int:
    taken = [
        int(path.name)
        for path in (settings.landing / entity).iterdir()
        if path.name.isdigit() and (path / MANIFEST).exists()
    ]
    return max(taken, default=0) + 1
