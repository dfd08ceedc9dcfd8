"""What changed at a source since its newest load: columns, types, and rows that are all gone."""

from __future__ import annotations

import duckdb

from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing import reconcile
from keyaccounts.landing.checked import Landed
from keyaccounts.landing.loads import Load, rows_sql
from keyaccounts.landing.plan import Intake, newest_number, unmapped_columns
from keyaccounts.landing.write import Fetched

NOTHING = "nothing"
"""The type of a column of which no row has a value."""
FEW = 20
"""Below so many bad rows a share of a window says nothing; all that landed is judged later."""
MANY = 100
"""From so many rows on, losing half of them overnight has to be confirmed."""


def unknown_columns(intake: Intake, types: dict[str, str]) -> list[str]:
    """Return the delivered columns that the contract does not have."""
    names = {intake.mapping.cursor, *(column.name for column in intake.entity.columns)}
    return [name for name in types if name not in names]


def drift(intake: Intake, types: dict[str, str]) -> list[str]:
    """Say which columns came, went or changed their type since the newest load."""
    before = intake.before.get("types")
    if before is None:
        unknown = [] if intake.mapping.columns else unknown_columns(intake, types)
        return [
            *(f"column {name} is not in the contract: ignored" for name in unknown),
            *unmapped_columns(intake.mapping, types),
        ]
    names = {column.name for column in intake.entity.columns}
    notes = column_drift(before, types, names, ignored=(intake.mapping.cursor,))
    return notes + [
        f"column {n} is null in all rows now, {intake.mapping.column_places.get(n, '')}"
        for n in types
        if types[n] == NOTHING and n in names and before.get(n, NOTHING) != NOTHING
    ]


def column_drift(
    before: dict[str, str], types: dict[str, str], names: set[str], ignored: tuple[str, ...] = ()
) -> list[str]:
    """Say how the columns `types` differ from those `before`; `names` are those of the contract."""
    notes = [f"column {n} is new at the source and not in the contract: ignored"
             for n in types if n not in names and n not in ignored and n not in before]  # fmt: skip
    notes += [f"column {n} is gone at the source: it is null now"
              for n in before if n not in types and n in names]  # fmt: skip
    return notes + [
        f"column {n} was {before[n]} at the source and is {types[n]} now"
        for n in types
        if n in names
        and n in before
        and before[n] != types[n]
        and NOTHING not in {before[n], types[n]}
    ]


def types_that_came(
    intake: Intake, types: dict[str, str], fetched: Fetched, is_full: bool
) -> dict[str, str]:
    """Return the types, NOTHING where an API gave no value: it says no types, nor what it has.

    A window is no measure of that.
    """
    if intake.mapping.requests is None:
        return types
    if not is_full:
        return types | {n: t for n, t in intake.before.get("types", {}).items() if n in types}
    return {n: NOTHING if fetched.nulls.get(n) == fetched.rows else t for n, t in types.items()}


def refuse_unparsed(intake: Intake) -> None:
    """Refuse values of an API of which none is of the type of its column: the type changed."""
    rows = intake.con.execute(
        "select column_name, any_value(value), any_value(rule), count(*) from bad_rows "
        "where rule like 'is not %' group by 1 order by 1"
    ).fetchall()
    for column, value, rule, count in rows:
        good = intake.con.execute(f'select count("{column}") from checked').fetchall()[0][0]
        if good == 0 and count >= FEW:
            place = intake.mapping.column_places.get(column, intake.mapping.place)
            raise SourceRefusedError(
                f"{place}: {intake.mapping.label} is refused: no value of column {column} parses. "
                f"First: {value!r} {rule}. Repair the source or its path"
            )


def refuse_changed_types(intake: Intake, types: dict[str, str]) -> None:
    """A column of another type whose values do not parse is no matter of single rows."""
    before = intake.before.get("types", {})
    changed = [n for n in types if n in before and before[n] not in {types[n], NOTHING}]
    rows = intake.con.execute(
        "select column_name, place, value, rule from bad_rows "
        "where column_name = any(?) and rule like 'is not %' order by all limit 1",
        [changed],
    ).fetchall()
    for column, place, value, rule in rows:
        raise SourceRefusedError(
            f"{intake.mapping.label} is refused: column {column} was {before[column]} and is "
            f"{types[column]} now, and its values no longer parse. First: {place}: {value!r} "
            f"{rule}. Repair the source or cast in the select, {intake.mapping.place}"
        )


def confirm_losses(intake: Intake, is_full: bool, landed: Landed, found: reconcile.Found) -> bool:
    """Refuse a source that lost all its rows, unless that is confirmed; return whether it did."""
    if is_full:
        is_loss = landed.rows == 0 and landed.quarantined == 0
        is_loss = is_loss and had_rows(intake.con, intake.loads)
        what = f"the source has no row, load {newest_number(intake)} had some"
    else:
        is_loss = found.gone > 0 and (
            found.gone == found.landed or (found.landed >= MANY and found.gone * 2 > found.landed)
        )
        what = f"{found.gone} of {found.landed} rows that landed are gone at the source"
    if is_loss and not intake.allow_empty:
        raise SourceRefusedError(
            f"{intake.mapping.label} is refused: {what}. If that is right, run again with "
            f"--allow-empty {intake.mapping.entity} (in Airflow: the parameter allow_empty)"
        )
    return is_loss


def had_rows(con: duckdb.DuckDBPyConnection, loads: list[Load]) -> bool:
    """Return whether loads hold a live row."""
    if not loads:
        return False
    return bool(
        con.execute(
            f"select 1 from {rows_sql(loads)} where is_deleted is not true limit 1"
        ).fetchall()
    )
