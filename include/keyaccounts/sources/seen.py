"""Values of a column as they stand in a file, alike ones together."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from keyaccounts.sources.files import quoted

TYPED = " typed"
"""Ends the name of the column that holds what a workbook has as a number or a day."""
MOST_VALUES = 200_000


@dataclass(frozen=True)
class Seen:
    """Values alike: their shape, or they themselves; one of them, how many, and the first row."""

    column: str
    shape: str
    example: str
    count: int
    row: int


def where(name: str, seen: Seen) -> str:
    """Return the place of a value; `name` goes before the number of the row."""
    return f"{name} {seen.row}, column {seen.column}".strip()


def beside(name: str, seen: Seen) -> str:
    """Return the place of a value of the file that was named just before."""
    return where(name.rsplit(" ", 1)[-1], seen)


def is_text(column: str, *, has_typed: bool) -> str:
    """Return SQL that is true for a text; a workbook also has numbers and days of its own."""
    untyped = f" and {quoted(column + TYPED)} is null" if has_typed else ""
    return f"trim({quoted(column)}) <> ''{untyped}"


def seen_in(con: duckdb.DuckDBPyConnection, column: str, sql: str) -> list[Seen]:
    """Return the values that a select of shape, example and _row gives, alike ones together."""
    rows = con.execute(
        "select shape, count(*), arg_min(example, _row), min(_row) "
        f"from ({sql}) group by shape order by min(_row) limit {MOST_VALUES}"
    ).fetchall()
    return [Seen(column, shape, text, count, row) for shape, count, text, row in rows]
