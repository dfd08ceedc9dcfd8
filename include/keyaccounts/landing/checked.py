"""Check every row of an entity against the contract: keep the good, name the bad."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from keyaccounts.contract import Entity
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.loads import ROWS
from keyaccounts.landing.rules import Rule, is_native, raw, typed, written
from keyaccounts.settings import Settings
from keyaccounts.sources.files import REJECTS, Incoming, quoted

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
    source_rows: int | None = None
    """Rows that the source counted in what was read; None for files."""
    unchanged: int = 0
    """Rows read again that had landed already."""
    deleted: int = 0
    """Rows that are gone at the source; they are among `rows`, marked deleted."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of this load, beside the counts."""

    @property
    def read(self) -> int:
        """Rows that were read at the source."""
        if self.source_rows is not None:
            return self.source_rows
        return self.rows + self.quarantined + self.unchanged - self.deleted


def create_checked_view(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, rules: list[Rule]
) -> None:
    """Create the view `checked`: typed rows of `incoming`, with one bit per rule in `_broken`."""
    raws = [
        f"{written(column, incoming.types)} as {raw(column.name)}"
        for column in entity.columns
        if column.name in incoming.columns and not is_native(column, incoming.types)
    ]
    values = [f"{typed(c, incoming.types, incoming.readings)} as {c.name}" for c in entity.columns]
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


def mask(rules: list[Rule], *, holds_back: bool) -> str:
    """Return the bits of the rules that hold a row back, or of those that do not."""
    bits = sum(1 << position for position, r in enumerate(rules) if r.holds_back == holds_back)
    return f"{bits}::{MASK_TYPE}"


def _bit(position: int) -> str:
    return f"{1 << position}::{MASK_TYPE}"


def key_sql(entity: Entity, incoming: Incoming) -> str:
    """Return the key of a row of `incoming` as one text; a key that is written oddly as it is."""
    parts = [
        f"coalesce({quoted(incoming.readings[key])}, {quoted(key)}, '')"
        if key in incoming.readings
        else f"coalesce(cast({quoted(key)} as varchar), '')"
        for key in entity.keys
    ]
    return " || '|' || ".join(parts)


def collect_bad(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    incoming: Incoming,
    rules: list[Rule],
    *,
    is_clean: bool = False,
) -> None:
    """Create the table `bad_rows`: every broken rule with place, value and claim.

    `is_clean` says that none is broken, so that the rows need not be checked once more.
    """
    con.execute(f"create or replace temp table bad_rows ({BAD_ROWS_SCHEMA})")
    con.execute(
        "create or replace temp table broken as "
        f"select _row, _broken from checked where {not is_clean} and _broken <> 0"
    )
    key = key_sql(entity, incoming)
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
    torn: list[tuple[int | None, str, str, str]]
    torn = [(None, f"{incoming.label} line {line}", text, claim) for line, text, claim in lines]
    place = incoming.place
    torn += [(line.row, place.row(line.row), line.text, line.why) for line in incoming.torn]
    if torn:
        con.executemany("insert into bad_rows values (?, ?, null, '*', ?, ?, true)", torn)


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
    if incoming.is_keyed:
        # Rows of a database have no lasting number; their key finds them.
        con.execute(f"update bad_rows set place = '{incoming.label} key ' || row_key")
        return
    if incoming.place.parts:
        con.execute("create or replace temp table parts (start bigint, label varchar)")
        con.executemany(
            "insert into parts values (?, ?)",
            [[part.start, f"{part.label} {part.word} "] for part in incoming.place.parts],
        )
        con.execute(
            "update bad_rows set place = ("
            "select arg_max(label, start) || (source_row - max(start)) from parts "
            "where start < source_row)"
        )
        return
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


def summary(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, number: int, draft: Path
) -> Landed:
    """Return the counts of a load whose accepted rows lie in `draft`."""
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


def refuse_bad_share(settings: Settings, incoming: Incoming, landed: Landed) -> None:
    """Raise SourceRefusedError when too many rows break the contract."""
    total = landed.rows + landed.quarantined
    if landed.quarantined and landed.quarantined > settings.max_quarantine_share * total:
        raise SourceRefusedError(
            f"{incoming.label} is refused: {landed.quarantined} of {total} rows break the contract "
            f"(allowed {settings.max_quarantine_share:.1%}). First: " + "; ".join(landed.examples)
        )
