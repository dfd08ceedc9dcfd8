"""The smallest bad row of each rule of the source contract, from the contract itself."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from keyaccounts.contract import MEANING_COLUMNS, Column, Entity

Row = dict[str, str]
GOOD = {
    "text": "x", "integer": "1", "boolean": "true", "date": "2026-06-01",
    "timestamp": "2026-06-01 12:00:00", "money": "10.00", "quantity": "1", "rate": "7.1",
}  # fmt: skip
FREE = 70
"""From here on rows of an entity are there to be referred to by keys of references alone."""
OWN_GOOD = {"is_deleted": "false", "currency_code": "CNY", "gross_amount": "0"}
LEAST = {"money": ".01", "quantity": ".0001", "rate": ".00000001"}
UNREADABLE = {
    "integer": ("1.5", "a whole number"),
    "boolean": ("maybe", "true or false"),
    "date": ("2026-02-30", "a date (YYYY-MM-DD)"),
    "timestamp": ("noon", "a time (YYYY-MM-DD HH:MM:SS, UTC)"),
    "money": ("12.5o", "an amount"),
    "quantity": ("two", "a quantity"),
    "rate": ("7,1", "a rate"),
}


@dataclass(frozen=True)
class BadValue:
    """A value of one column that breaks one rule; `more` are the other columns it takes."""

    column: str
    value: str
    claim: str
    holds_back: bool
    more: Row = field(default_factory=dict)

    def check(self, entity: str) -> str:
        """Name the rule and what becomes of its row."""
        return named(entity, self.column, self.claim, self.holds_back)


def named(entity: str, column: str, claim: str, holds_back: bool) -> str:
    """Name a rule and what becomes of a row that breaks it."""
    return f"{entity}.{column} {claim}: {'held back' if holds_back else 'made null'}"


def bad_values(entity: Entity, *, is_text: bool) -> Iterator[BadValue]:
    """Every bad value that the contract speaks of; typed files hold nothing unreadable."""
    for column in entity.columns:
        holds = column.is_required or (entity.name, column.name) in MEANING_COLUMNS
        for value, claim in _of_column(column, is_text=is_text):
            yield BadValue(column.name, value, claim, holds)
    if entity.name == "erp_invoices":
        for kind, value, claim in (
            ("credit_note", "0.01", "a credit note must not be positive"),
            ("invoice", "-0.01", "an invoice must not be negative"),
        ):
            yield BadValue("gross_amount", value, claim, True, {"document_type": kind})


def _of_column(column: Column, *, is_text: bool) -> Iterator[tuple[str, str]]:
    if column.is_required:
        yield "", "must not be empty"
    if is_text and column.type != "text":
        value, word = UNREADABLE[column.type]
        yield value, f"is not {word}"
    if column.minimum is not None:
        yield str(column.minimum - 1), f"must be at least {column.minimum}"
    if column.maximum is not None:
        yield str(column.maximum + 1), f"must be at most {column.maximum}"
    if column.above is not None:
        yield str(column.above), f"must be above {column.above}"
    if column.values:
        yield "no such word", f"must be one of {', '.join(column.values)}"
    if column.type in {"date", "timestamp"}:
        yield "1899-12-31", "must not lie before 1900-01-01"


def last_good_values(entity: Entity) -> Iterator[Row]:
    """The values next to the bad ones: each limit, each word of a list, the first day."""
    for column in entity.columns:
        days = ["1900-01-01"] if column.type in {"date", "timestamp"} else []
        above = [] if column.above is None else [f"{column.above}{LEAST[column.type]}"]
        limits = [str(limit) for limit in (column.minimum, column.maximum) if limit is not None]
        for value in (*limits, *above, *days, *column.values):
            yield {column.name: value}
    if entity.name == "erp_invoices":
        yield {"document_type": "credit_note", "gross_amount": "-0.01"}
        yield {"document_type": "invoice", "gross_amount": "0.01"}


def good_row(entity: Entity, number: int = 0) -> Row:
    """A row that breaks no rule; `number` makes its key, references lead to number 0."""
    row = {column.name: _good(column) for column in entity.columns}
    key = next((c for c in entity.columns if c.is_key and c.type == "text"), None)
    if key is None:
        day = date(2026, 1, 1) + timedelta(days=number)
        return row | {entity.keys[0]: day.isoformat()}
    if key.references and number:
        # A key that is a reference as well: another part of the key tells the rows apart.
        day = (date(2026, 1, 1) + timedelta(days=number)).isoformat()
        dates = [c.name for c in entity.columns if c.is_key and c.type == "date"]
        if dates:
            return row | {dates[0]: day}
        last = entity.column(entity.keys[-1])
        return row | {last.name: f"{last.references}-{number + FREE}"}
    return row | {key.name: f"{key.references or entity.name}-{number}"}


def _good(column: Column) -> str:
    if column.references:
        return f"{column.references}-0"
    if column.name in OWN_GOOD:
        return OWN_GOOD[column.name]
    return column.values[0] if column.values else GOOD[column.type]


def write_csv(folder: Path, entity: Entity, rows: Iterable[Row]) -> Path:
    """Write rows as the CSV file of an entity."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{entity.name}.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, [column.name for column in entity.columns])
        writer.writeheader()
        writer.writerows(rows)
    return file


def write_parquet(folder: Path, entity: Entity, rows: Iterable[Row]) -> None:
    """Write rows as the Parquet file of an entity, with the types of the contract."""
    file = write_csv(folder, entity, rows)
    typed = ", ".join(f"cast({c.name} as {c.sql_type}) as {c.name}" for c in entity.columns)
    duckdb.sql(
        f"copy (select {typed} from read_csv('{file}', all_varchar = true)) "
        f"to '{file.with_suffix('.parquet')}' (format parquet)"
    )
    file.unlink()
