"""How numbers and days are written in a file: found where its values prove it, else asked for.

1.234 may be a thousand or a bit more than one, 03/04/2026 a day of March or of April. Neither is
decided by what is usual: another value of the same file has to prove it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from keyaccounts.contract import TYPE_WORDS, Column
from keyaccounts.sources import amounts
from keyaccounts.sources.days import ISO, day_formats, day_sql, day_values, in_utc_sql
from keyaccounts.sources.files import quoted
from keyaccounts.sources.mapping import FileSpec
from keyaccounts.sources.seen import TYPED

NUMBERS = ("money", "quantity", "rate", "integer")
DAYS = ("date", "timestamp")


@dataclass
class Format:
    """How one file is written; `days` gives the format of each column of days that is not ISO."""

    is_comma: bool | None = None
    days: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    """The columns of numbers and days that hold texts."""
    has_open: bool = False
    """A few numbers may be thousands or decimals, and nothing proves which: they are held back."""
    zone: str | None = None
    """Time zone of times without offset; None: UTC."""

    def said(self, spec: FileSpec) -> list[str]:
        """Say it, and what of it was told."""
        found = []
        if self.is_comma is not None:
            how = "" if spec.decimal_comma is None else " as told"
            found.append(f"decimal {'comma' if self.is_comma else 'point'}{how}")
        for form in sorted(set(self.days.values())):
            found.append(f"days {form}" + (" as told" if spec.date_format else ""))
        return found + ([f"times of {self.zone} as told"] if self.zone else [])

    def reading(self, column: Column, *, has_typed: bool) -> str | None:
        """Return SQL for a value as the contract writes it, null where it is written otherwise."""
        if column.name not in self.texts:
            return None
        if column.type in NUMBERS:
            found = amounts.number_sql(quoted(column.name), is_comma=bool(self.is_comma))
            if self.has_open:
                found = f"case when not {amounts.is_open_sql(quoted(column.name))} then {found} end"
        elif column.name in self.days:
            found = day_sql(quoted(column.name), self.days[column.name])
        elif has_typed and column.type in DAYS:
            found = day_sql(quoted(column.name), ISO)
        elif self.zone and column.type == "timestamp":
            found = f"trim({quoted(column.name)})"
        else:
            return None
        if has_typed:
            found = f"coalesce({quoted(column.name + TYPED)}, {found})"
        return in_utc_sql(found, self.zone) if column.type == "timestamp" and self.zone else found

    def word(self, column: Column, *, is_workbook: bool) -> str | None:
        """Return how a value of a column must be written, where it is not as the contract says."""
        if column.type in ("money", "quantity", "rate") and self.is_comma:
            return f"{TYPE_WORDS[column.type]} with a decimal comma"
        if self.has_open and column.type in NUMBERS:
            return f"{TYPE_WORDS[column.type]}: thousands or decimals? set decimal_comma"
        if column.name in self.days:
            return f"a {'date' if column.type == 'date' else 'time'} ({self.days[column.name]})"
        if is_workbook and column.type in DAYS:
            return f"{TYPE_WORDS[column.type]}; of days that Excel counts say date_format: excel"
        return None


def format_of(
    con: duckdb.DuckDBPyConnection,
    scan: str,
    columns: list[Column],
    name: str,
    spec: FileSpec,
    share: float,
    *,
    has_typed: bool = False,
) -> Format:
    """Return how the texts in `columns` of the table expression `scan` are written.

    `name` is what messages put before the number of a row: `invoices.csv line`.
    Up to `share` of the values may be written otherwise: they are held back. Raises
    SourceRefusedError where the values do not prove one way.
    """
    numbers = [column.name for column in columns if column.type in NUMBERS]
    days = [column.name for column in columns if column.type in DAYS]
    found = Format(is_comma=spec.decimal_comma, texts={*numbers, *days}, zone=spec.zone)
    if numbers and spec.decimal_comma is None:
        shapes = [s for n in numbers for s in amounts.shapes(con, scan, n, has_typed=has_typed)]
        found.is_comma = amounts.is_comma(shapes, name, share, _filled(con, scan, numbers))
        found.has_open = found.is_comma is None and amounts.has_open(shapes)
    if spec.date_format is not None:
        found.days = dict.fromkeys(days, spec.date_format)
    elif days:
        values = {n: day_values(con, scan, n, has_typed=has_typed) for n in days}
        found.days = day_formats(values, name, share, _filled(con, scan, days))
    return found


def _filled(con: duckdb.DuckDBPyConnection, scan: str, columns: list[str]) -> dict[str, int]:
    """Return how many values each column has."""
    counts = ", ".join(f"count(*) filter (trim({quoted(name)}) <> '')" for name in columns)
    return dict(
        zip(columns, con.execute(f"select {counts} from {scan}").fetchall()[0], strict=True)
    )
