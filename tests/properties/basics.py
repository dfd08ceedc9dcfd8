"""Days, cents and chains: what the recomputations share."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

FIRST_DAY = date(1900, 1, 1)


BASE = "CNY"


def half_away(numerator: int, denominator: int) -> int:
    """Return a quotient rounded half away from zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * ((abs(numerator) * 2 + abs(denominator)) // (abs(denominator) * 2))


def to_cents(amount: Decimal | None) -> int:
    """Return an amount in cents; null counts as 0."""
    return int((amount or Decimal(0)) * 100)


def month_end(day: date) -> date:
    """Return the last day of the month of a day."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_number(day: date) -> int:
    """Return a number that grows by one from month to month."""
    return day.year * 12 + day.month


def business_day(instant: datetime) -> date:
    """Return the day in Shanghai of an instant in UTC (no summer time since 1991)."""
    return (instant + timedelta(hours=8)).date()


@dataclass(frozen=True)
class Line:
    """One invoice line in base currency, in cents; `cost` and `list` are None where unknown."""

    account: str
    day: date
    family: str
    net: int
    cost: int | None
    is_invoice: bool
    quantity: Decimal | None
    list: int | None


@dataclass(frozen=True)
class Identity:
    """Who belongs to whom on a day: account to customer and to tier unit, and who is internal."""

    customer: dict[str, str]
    unit: dict[str, str]
    internal: frozenset[str]


def end_of(node: str, step: dict[str, str]) -> str:
    """Follow steps to the end, or to the first member of a cycle, which is its own end."""
    seen = [node]
    while (following := step.get(seen[-1])) is not None:
        if following in seen:
            # The first of the chain that lies on the cycle.
            return node if following == node else following
        seen.append(following)
    return seen[-1]
