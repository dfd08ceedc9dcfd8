"""Property of margins by year of tenure, survivors beside all starters (N5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.properties.basics import half_away, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.retention import customers, first_purchases, is_legacy
from tests.properties.tiers import ratio

PARTS = 10**6


@dataclass(frozen=True)
class Year:
    """One customer in one year of tenure: profit in cents, margin in millionths."""

    profit: int
    margin: int | None
    is_bought: bool
    was_bought: bool


def tenures_are_recomputed(case: Case) -> Iterator[str]:
    """N5: medians of profit and margin by complete year since the month of the first purchase."""
    ended: dict[int, list[tuple[date, Year]]] = defaultdict(list)
    for number, end, year in _years(case):
        ended[number].append((end, year))
    expected = {}
    for day in case.books.months:
        for number, all_years in ended.items():
            starters = [year for end, year in all_years if end <= day]
            if not starters:
                continue
            survivors = [year for year in starters if year.is_bought]
            before = [year for year in starters if year.was_bought]
            kept = [year for year in survivors if year.was_bought]
            expected[day, "survivors", number] = _row(survivors, number, kept, before)
            expected[day, "all_starters", number] = _row(starters, number, survivors, starters)
    found = {
        (r["month_end"], r["population"], r["tenure_year"]): (
            r["customers_count"], cents(r["median_profit_amount"]), r["median_margin_ratio"],
            r["retention_ratio"],
        )
        for r in case.mart("tenure_margins")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _years(case: Case) -> Iterator[tuple[int, date, Year]]:
    """Yield each complete year of each customer that is not legacy, with its last day."""
    books, windows = case.books, case.windows
    members = customers(books, books.identity(books.end))
    for customer, first in first_purchases(books, members).items():
        accounts, was_bought = members[customer], False
        if is_legacy(books, accounts, first):
            continue
        for day in books.months:
            months = month_number(day) - month_number(first) + 1
            if months <= 0 or months % 12:
                continue
            measure, at = windows.measure(day).name, windows.at(day)
            found = [at[a] for a in accounts if a in at]
            profit, net = sum(w.value(measure) for w in found), sum(w.net for w in found)
            since = month_number(day) - 11
            is_bought = any(
                since <= month_number(d) <= month_number(day)
                for a in accounts
                for d in books.purchases.get(a, [])
            )
            margin = half_away(profit * PARTS, net) if net > 0 else None
            yield months // 12, day, Year(profit, margin, is_bought, was_bought)
            was_bought = is_bought


def _row(years: list[Year], number: int, kept: list[Year], before: list[Year]) -> tuple:
    margin = _median([y.margin for y in years if y.margin is not None])
    return (
        len(years), _median([y.profit for y in years]),
        None if margin is None else ratio(Fraction(margin, PARTS)),
        ratio(Fraction(len(kept), len(before))) if number > 1 and before else None,
    )  # fmt: skip


def _median(values: list[int]) -> int | None:
    """Return the median, the mean of two in the middle rounded half away from zero."""
    if not values:
        return None
    ordered = sorted(values)
    return half_away(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


CHECKS = (tenures_are_recomputed,)
