"""Properties of the states of customers and of what was lost (semantics 3.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from tests.properties.basics import add_months, month_end, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.retention import customers, is_legacy
from tests.properties.tiers import ratio

REPEATED = (
    "channel", "purchases_count", "gaps_count", "basis", "p90_gap_days", "at_risk_after_days",
    "churned_after_days", "since_last_purchase_days", "lifecycle_state", "first_purchase_date",
    "last_purchase_date",
)  # fmt: skip


def lives_are_recomputed(case: Case) -> Iterator[str]:
    """N3, N10: since when each customer is in its state, and what it has brought so far."""
    courses, expected = case.courses, {}
    rates = _false_churn(case)
    for day in courses.described:
        members = customers(case.books, case.books.identity(day))
        for customer, course in courses.on(day).items():
            past = [d for d in course.bought if d <= day]
            later = [d for d in course.bought if d > day]
            state, basis = course.states[day]
            legacy = is_legacy(case.books, members[customer], course.bought[0])
            tested, rate = rates.get(basis, (0, None))
            expected[day, customer] = (
                state, course.since(day), _years(past[0], day),
                sum(_revenue(case, account, day) for account in members[customer]),
                legacy, past[0] > _year_from(day, -12) and not legacy,
                any(x.back is not None and x.back <= day for x in course.losses),
                _bought_after(case, day, state, later), tested, rate,
            )  # fmt: skip
    found = {
        (r["as_of_date"], r["customer_key"]): (
            r["lifecycle_state"], r["state_since_date"], r["tenure_years"],
            cents(r["lifetime_revenue_amount"]), r["is_legacy"], r["is_true_new"],
            r["has_returned_after_churn"], r["bought_within_12m_after"],
            r["backtested_churns_count"], r["false_churn_ratio"],
        )
        for r in case.mart("customer_lifecycle")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem
    rhythms = {(r["as_of_date"], r["customer_key"]): [r[c] for c in REPEATED]
               for r in case.mart("int_retention__lifecycle")}  # fmt: skip
    repeated = {(r["as_of_date"], r["customer_key"]): [r[c] for c in REPEATED]
                for r in case.mart("customer_lifecycle")}  # fmt: skip
    if problem := difference(rhythms, repeated):
        yield problem


def _false_churn(case: Case) -> dict[str, tuple[int, object]]:
    """Return basis to how many losses are a year old by D, and how many of these came back."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for course in case.courses.on(case.courses.described[-1]).values():
        for loss in course.losses:
            limit = add_months(loss.churned, 12)
            if limit <= case.books.end:
                counts[loss.basis][0] += 1
                counts[loss.basis][1] += loss.back is not None and loss.back <= limit
    return {basis: (n, ratio(Fraction(false, n))) for basis, (n, false) in counts.items()}


def _year_from(day: date, months: int) -> date:
    moved = add_months(day, months)
    return month_end(moved) if day == month_end(day) else moved


def _years(first: date, day: date) -> int:
    return next(n for n in range(100, -1, -1) if add_months(first, 12 * n) <= day)


def _revenue(case: Case, account: str, day: date) -> int:
    return sum(
        cell.net
        for month, families in case.windows.cells.get(account, {}).items()
        for cell in families.values()
        if month <= month_number(day)
    )


def _bought_after(case: Case, day: date, state: str, later: list[date]) -> str:
    limit = _year_from(day, 12)
    if state != "churned":
        return "not_churned"
    if limit > case.books.end:
        return "not_yet_known"
    return "yes" if later and later[0] <= limit else "no"


CHECKS = (lives_are_recomputed,)
