"""Rows of the contract from the records of an answer, every value as text with its digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from keyaccounts.contract import load_contract
from keyaccounts.errors import SourceRefusedError
from keyaccounts.sources.mapping import Mapping
from keyaccounts.sources.paths import Path, scalar
from keyaccounts.sources.rest_spec import Allocation, Field, Request

PLACES = {"integer": 0, "money": 2, "quantity": 4, "rate": 8}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows_of(
    mapping: Mapping, request: Request, record: Any, columns: list[str]
) -> Iterator[list[str | None]]:
    """Yield the values of `columns` for each row of a record.

    Raises SourceRefusedError where a path leads to an object in place of a value.
    """
    for row in _rows_in(mapping, request, record):
        if request.condition.holds(row, record):
            yield [_value(mapping, request, column, row, record) for column in columns]


def parent_of(mapping: Mapping, request: Request, record: Any) -> str | None:
    """Return what names the record in its rows; None where they stand alone."""
    if request.parent is None:
        return None
    if request.is_deleted and not request.condition.holds(record, record):
        # Of what changed, only what was deleted: the rest comes, or not, with its rows.
        return None
    return _value(mapping, request, request.parent, record, record)


def _rows_in(mapping: Mapping, request: Request, record: Any) -> Iterator[Any]:
    if request.allocate is not None:
        try:
            yield from _allocated(request.allocate, record)
        except InvalidOperation as error:
            raise SourceRefusedError(
                f"{mapping.place.file} line {request.line}: {mapping.label} is refused: "
                f"{request.allocate.amount.text} in what is allocated is no number"
            ) from error
    elif not request.each:
        yield record
    for path in request.each:
        for row in _flat(path.all(record)):
            if request.split is None or not isinstance(row, str):
                yield row
            else:
                yield from (part.strip() for part in row.split(request.split) if part.strip())


def _allocated(allocation: Allocation, record: Any) -> Iterator[dict[str, Any]]:
    """Yield what settled what: credits in their order first, the payment itself for the rest."""

    def found(paths: tuple[Path, ...]) -> Iterator[list[Any]]:
        for path in paths:
            for row in _flat(path.all(record)):
                yield [Decimal(scalar(allocation.amount.first(row)) or "0"), row]

    credits = list(found(allocation.credits))
    for amount, target in found(allocation.targets):
        rest = amount
        while rest > 0 and credits:
            part = min(rest, credits[0][0])
            if part > 0:
                yield {"from": credits[0][1], "to": target, "amount": part}
            rest -= part
            credits[0][0] -= part
            if credits[0][0] <= 0:
                credits.pop(0)
        if rest != 0:
            yield {"from": None, "to": target, "amount": rest}


def _flat(rows: list[Any]) -> Iterator[Any]:
    """Yield the elements, whether the path leads to each of them or to their list."""
    for row in rows:
        if isinstance(row, list):
            yield from row
        elif row is not None:
            yield row


def _value(mapping: Mapping, request: Request, column: str, row: Any, record: Any) -> str | None:
    field = request.fields.get(column)
    if field is None:
        # A row that the API does not call deleted is there.
        return ("true" if request.is_deleted else "false") if column == "is_deleted" else None
    if not field.condition.holds(row, record):
        return None
    found, source = _found(field, row, record)
    if isinstance(found, dict | list):
        kind = "an object" if isinstance(found, dict) else "a list"
        raise SourceRefusedError(
            f"{mapping.place.file} line {field.line}: {mapping.label} is refused: "
            f"{source} is {kind}, no value ({(scalar(found) or '')[:60]}); name what "
            f"{column} is within it"
        )
    text = scalar(found)
    if text is None:
        return field.constant
    if isinstance(field.times, Field):
        factor = scalar(_found(field.times, row, record)[0]) or field.times.constant
        field = replace(field, times=_factor(factor, field.times))
        if field.times is None:
            # Of unknown sign: told as no number, not taken for one.
            return f"{text} x {factor}"
    return shaped(text, field, _types(mapping.entity)[column])


def _found(field: Field, row: Any, record: Any) -> tuple[Any, str]:
    """Return the value of the first source that finds one, and its path."""
    for source in field.sources:
        value = source.value(row, record)
        if value is not None:
            return value, source.text
    return None, ""


def _factor(said: str | None, times: Field) -> Fraction | None:
    for value, meant in times.values:
        if said == value:
            said = meant
            break
    try:
        return Fraction(said or "")
    except (ValueError, ZeroDivisionError):
        return None


@cache
def _types(entity: str) -> dict[str, str]:
    return {column.name: column.type for column in load_contract()[entity].columns}


def shaped(text: str, field: Field, kind: str) -> str | None:
    """Return a value as the contract wants it; what cannot be read stays as it is, to be told."""
    for said, meant in field.values:
        if text == said:
            return meant
    if field.times is not None:
        text = _multiplied(text, field, kind)
    if field.epoch is not None:
        text = _instant(text, field.epoch)
    if kind == "timestamp":
        return _in_utc(text, field.zone)
    if kind == "date" and field.zone is not None:
        return _day(text, field.zone)
    return text


def _multiplied(text: str, field: Field, kind: str) -> str:
    assert isinstance(field.times, Fraction)
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    number *= field.times.numerator
    if field.times.denominator != 1:
        places = Decimal(1).scaleb(-PLACES.get(kind, 8))
        number = (number / field.times.denominator).quantize(places, ROUND_HALF_UP)
    return format(number, "f")


def _instant(text: str, unit: str) -> str:
    try:
        number = Decimal(text.strip())
        micros = int(number * (1000 if unit == "ms" else 1_000_000))
        return (EPOCH + timedelta(microseconds=micros)).isoformat()
    except (InvalidOperation, ValueError, OverflowError):
        return text


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _in_utc(text: str, zone: str | None) -> str:
    moment = _parsed(text)
    if moment is None:
        return text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    try:
        return moment.astimezone(UTC).isoformat(" ")
    except OverflowError:
        return text


def _day(text: str, zone: str) -> str:
    """Return the day on which an instant lies in a zone; a day stays one."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        moment = _parsed(text)
    if moment is None:
        return text
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone))
    return moment.date().isoformat()
