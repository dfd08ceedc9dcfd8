"""The state of each customer by its own rhythm, recomputed from its purchases (semantics 3.8)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from tests.properties.books import Books
from tests.properties.retention import customers


@dataclass(frozen=True)
class Rhythm:
    """One customer on one day; days as exact fractions."""

    channel: str
    purchases: int
    basis: str
    p90: Fraction | None
    at_risk_after: Fraction
    churned_after: Fraction
    silence: int
    state: str
    first: date
    last: date


def described_days(books: Books) -> list[date]:
    """Return every month-end from the first document on, and the as-of date."""
    return sorted({*books.months, books.end})


def lifecycle(books: Books) -> dict[tuple[date, str], Rhythm]:
    """Return every customer that has bought, on every day that is described."""
    found = {}
    for day in described_days(books):
        bought, pools = _bought(books, day), pooled_gaps(books, day)
        for customer, days in bought.items():
            channel = channel_of(books, customer, day)
            found[day, customer] = _rhythm(books, day, days, channel, pools[channel])
    return found


def channel_of(books: Books, customer: str, day: date) -> str:
    """Return the channel of a customer on a day."""
    return str(books.at(customer, day)["channel"] or "unknown")


def pooled_gaps(books: Books, day: date) -> dict[str, list[int]]:
    """Return channel to all gaps up to a day of those who are its customers on it."""
    pools: dict[str, list[int]] = defaultdict(list)
    for customer, days in _bought(books, day).items():
        pools[channel_of(books, customer, day)] += _gaps(days)
    return pools


def _bought(books: Books, day: date) -> dict[str, list[date]]:
    bought = {}
    for customer, accounts in customers(books, books.identity(day)).items():
        days = {d for a in accounts for d in books.purchases.get(a, []) if d <= day}
        if days:
            bought[customer] = sorted(days)
    return bought


def _gaps(days: list[date]) -> list[int]:
    return [(b - a).days for a, b in pairwise(days)]


def _rhythm(books: Books, day: date, days: list[date], channel: str, pool: list[int]) -> Rhythm:
    basis, p90, at_risk, churned = limits(books, day, days, pool)
    silence = (day - days[-1]).days
    return Rhythm(
        channel, len(days), basis, p90, at_risk, churned, silence,
        state_of(silence, at_risk, churned), days[0], days[-1],
    )  # fmt: skip


def state_of(silence: int, at_risk: Fraction, churned: Fraction) -> str:
    """Return the state after so many days of silence."""
    return "active" if silence <= at_risk else "at_risk" if silence <= churned else "churned"


def limits(
    books: Books, day: date, days: list[date], pool: list[int]
) -> tuple[str, Fraction | None, Fraction, Fraction]:
    """Return basis, p90 and the two limits of who bought on `days`, by the rules of a day."""
    rules = books.rule("lifecycle_config", day)
    bounds = {name: Fraction(value) for name, value in rules.items() if name != "valid_from"}
    gaps = _gaps(days)
    is_own = len(gaps) >= bounds["own_gaps"]
    p90 = percentile(gaps if is_own else pool)
    low, high = bounds["at_risk_from_days"], bounds["at_risk_to_days"]
    at_risk = min(max(high if p90 is None else p90, low), high)
    churned = min(
        max(bounds["churned_multiple"] * at_risk, bounds["churned_from_days"]),
        bounds["churned_to_days"],
    )
    return "own" if is_own else "pooled", p90, at_risk, churned


def percentile(values: list[int]) -> Fraction | None:
    """Return the 90th percentile by linear interpolation, None of nothing."""
    if not values:
        return None
    values = sorted(values)
    place = Fraction(9 * (len(values) - 1), 10)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])
