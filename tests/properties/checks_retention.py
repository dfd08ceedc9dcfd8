"""Properties of the bridge and the cohorts (I9, I23 to I29), and of all marts (I40, I43)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.properties.basics import add_months, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.retention import cohorts, customers, first_purchases, is_legacy
from tests.properties.tiers import ratio

KINDS = ("new", "won_back", "expansion", "contraction", "churn")


def bridge_is_recomputed(case: Case) -> Iterator[str]:
    """I25: each customer has one movement by measure and month-end, as recomputed."""
    rows = [r for r in case.mart("revenue_movements") if r["comparison"] == "year_over_year"]
    found = {
        (r["measure"], r["month_end"], r["customer_key"]): (
            cents(r["opening_amount"]), cents(r["closing_amount"]), r["movement"],
            cents(r["credit_only_amount"]), cents(r["movement_amount"]),
        )
        for r in rows
    }  # fmt: skip
    if len(found) != len(rows):
        yield "a customer has two movements"
    expected = {
        (measure, *key): (m.opening, m.closing, m.kind, m.credit_only, m.closing - m.opening)
        for measure, by_key in case.yearly.items()
        for key, m in by_key.items()
        if m.kind
    }
    if problem := difference(expected, found):
        yield problem


def bridge_adds_up(case: Case) -> Iterator[str]:
    """I23, I24: the parts of the summary sum, its ratios are those of its parts."""
    for r in case.mart("retention_summary"):
        where = f"{r['month_end']} {r['comparison']} {r['measure']} {r['scope_id']}"
        parts = sum(r[f"{kind}_amount"] for kind in KINDS)
        if r["opening_amount"] + parts != r["closing_amount"]:
            yield f"{where}: the movements do not lead from opening to closing"
        if r["closing_amount"] + r["credit_only_amount"] != r["closing_ledger_amount"]:
            yield f"{where}: closing ledger"
        if not r["opening_amount"]:
            if r["nrr"] is not None or r["grr"] is not None:
                yield f"{where}: a ratio to nothing"
            continue
        opening = Fraction(r["opening_amount"])
        kept = 1 + Fraction(r["contraction_amount"] + r["churn_amount"]) / opening
        grown = Fraction(r["expansion_amount"]) / opening
        if (r["grr"], r["nrr"]) != (ratio(kept), ratio(kept + grown)):
            yield f"{where}: grr {r['grr']}, nrr {r['nrr']}, expected {kept} and {grown} more"
        if r["grr"] > min(1, r["nrr"]):
            yield f"{where}: grr {r['grr']} above nrr {r['nrr']}"


def summary_is_the_sum_of_customers(case: Case) -> Iterator[str]:
    """I9: every scope holds every customer once; the company is the recomputed bridge."""
    scopes: dict[tuple, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for r in case.mart("retention_summary"):
        scopes[r["month_end"], r["comparison"], r["measure"]][r["scope_type"]].append(
            tuple(r[f"{c}_amount"] for c in (*KINDS, "opening", "closing_ledger"))
        )
    for key, by_scope in scopes.items():
        sums = {s: tuple(map(sum, zip(*rows, strict=True))) for s, rows in by_scope.items()}
        if len(sums) != 6 or len(set(sums.values())) != 1:
            yield f"{key}: scopes differ: {sums}"
        if key[1] == "year_over_year":
            bridge = case.yearly[key[2]]
            expected = tuple(
                Decimal(sum(v.closing - v.opening for k, v in bridge.items()
                            if k[0] == key[0] and v.kind == kind)) / 100 for kind in KINDS
            )  # fmt: skip
            if sums["company"][:5] != expected:
                yield f"{key}: {sums['company'][:5]}, expected {expected}"


def closing_is_the_next_opening(case: Case) -> Iterator[str]:
    """I23: the closing book of a year is the opening book of the next, while identity stays."""
    books: dict[tuple[date, str], list[Any]] = defaultdict(lambda: [0, 0])
    for r in case.mart("revenue_movements"):
        if r["comparison"] == "year_over_year" and r["measure"] == "revenue":
            books[r["month_end"], r["customer_key"]] = [r["opening_amount"], r["closing_amount"]]
    for (day, customer), (_, closing) in list(books.items()):
        later = next((m for m in case.windows.bridge_months
                      if month_number(m) == month_number(day) + 12), None)  # fmt: skip
        if later is None or case.books.identity(day) != case.books.identity(later):
            continue
        if books[later, customer][0] != closing:
            yield f"{customer}: closes {day} with {closing}, opens with {books[later, customer]}"


def customers_are_new_once(case: Case) -> Iterator[str]:
    """I29: true new at most once, at the first month-end that is new; a legacy customer never."""
    first: dict[tuple, date] = {}
    for r in sorted(case.mart("revenue_movements"), key=lambda r: r["month_end"]):
        key = (r["comparison"], r["measure"], r["customer_key"])
        is_first = r["movement"] == "new" and key not in first
        if is_first:
            first[key] = r["month_end"]
        if r["is_true_new"] != is_first:
            yield f"{key} {r['month_end']}: is_true_new {r['is_true_new']}"
        if r["movement"] == "new" and r["is_legacy"]:
            yield f"{key} {r['month_end']}: new and legacy"


def cohorts_are_recomputed(case: Case) -> Iterator[str]:
    """I26: fixed sizes, a dense grid, cells and cumulative revenue as recomputed."""
    sizes, cells = cohorts(case.books, case.windows)
    settled, expected = _settled(case), {}
    for (month, legacy), size in sizes.items():
        paid = 0
        for index in range(month_number(case.books.end) - month + 1):
            cell = cells.get((month, legacy, index))
            paid += cell.revenue if cell else 0
            expected[month, legacy, index] = (
                size, cell.active if cell else 0, cell.revenue if cell else 0, paid,
                ratio(Fraction(cell.active if cell else 0, size)),
                settled[month, legacy] if index == 24 else None,
                ratio(Fraction(settled[month, legacy], size)) if index == 24 else None,
            )  # fmt: skip
    found = {
        (month_number(r["cohort_month"]), r["is_legacy_cohort"], r["month_index"]): (
            r["cohort_size_count"], r["active_customers_count"], cents(r["revenue_amount"]),
            cents(r["cumulative_revenue_amount"]), r["retention_ratio"],
            r["settled_customers_count"], r["settle_ratio"],
        )
        for r in case.mart("cohort_retention")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem
    if any(
        r["month_index"] == 0 and r["retention_ratio"] != 1 for r in case.mart("cohort_retention")
    ):
        yield "a cohort does not start whole"


def _settled(case: Case) -> dict[tuple[int, bool], int]:
    """Count those with four purchases in two years, one of them in the second (N2)."""
    found: dict[tuple[int, bool], int] = defaultdict(int)
    members = customers(case.books, case.books.identity(case.books.end))
    for customer, first in first_purchases(case.books, members).items():
        accounts, start = members[customer], month_number(first)
        cohort = (start, is_legacy(case.books, accounts, first))
        # All purchases of one day are one; months count from that of the first purchase.
        days = {d for a in accounts for d in case.books.purchases.get(a, [])}
        months = [month_number(d) - start for d in days]
        inside = [index for index in months if index <= 24]
        found[cohort] += len(inside) >= 4 and any(index >= 13 for index in inside)
    return found


def cohorts_hold_the_new_customers(case: Case) -> Iterator[str]:
    """I28: the cohorts of a window hold those whose first purchase lies in it."""
    if not case.windows.bridge_months or case.windows.bridge_months[-1] != case.books.end:
        return
    start = month_number(case.books.end) - 11
    sizes = sum(
        r["cohort_size_count"]
        for r in case.mart("cohort_retention")
        if r["month_index"] == 0 and not r["is_legacy_cohort"]
        and month_number(r["cohort_month"]) >= start
    )  # fmt: skip
    members = customers(case.books, case.books.identity(case.books.end))
    bridge = case.yearly["revenue"]
    new, without_book = 0, 0
    for customer, first in first_purchases(case.books, members).items():
        if is_legacy(case.books, members[customer], first) or month_number(first) < start:
            continue
        movement = bridge.get((case.books.end, customer))
        if movement is not None and movement.kind == "new":
            new += 1
        elif movement is None or movement.closing == 0 or movement.opening > 0:
            # Credits before the first purchase may leave a book in the opening window.
            without_book += 1
    if sizes != new + without_book:
        yield f"cohorts hold {sizes}, the bridge {new} new and {without_book} without a book"


def one_revenue(case: Case) -> Iterator[str]:
    """I43: revenue of tiers = closing book + credits only = the lines of the same window."""
    tiers: dict[date, Decimal] = defaultdict(Decimal)
    for r in case.mart("account_tiers"):
        tiers[r["month_end"]] += r["ttm_net_revenue_amount"]
    bridge = {
        r["month_end"]: r["closing_ledger_amount"]
        for r in case.mart("retention_summary")
        if (r["comparison"], r["measure"], r["scope_type"])
        == ("year_over_year", "revenue", "company")
    }
    for day in case.windows.tier_months:
        internal, start = case.books.identity(day).internal, add_months(day.replace(day=1), -11)
        inside = [x for x in case.books.lines if start <= x.day <= day]
        lines = Decimal(sum(x.net for x in inside if x.account not in internal)) / 100
        if tiers[day] != lines or bridge.get(day, lines) != lines:
            yield f"{day}: tiers {tiers[day]}, bridge {bridge.get(day)}, lines {lines}"


def nothing_lies_in_the_future(case: Case) -> Iterator[str]:
    """I40: no event is effective, and no month described, after the as-of date."""
    for mart, column in (
        ("alert_events", "effective_date"), ("tier_events", "effective_date"),
        ("account_tiers", "month_end"), ("receivables_aging", "as_of_date"),
        ("revenue_movements", "month_end"), ("account_tier_history", "valid_from"),
    ):  # fmt: skip
        if late := [r[column] for r in case.mart(mart) if r[column] > case.books.end]:
            yield f"{mart}: {max(late)}"


CHECKS = (
    bridge_is_recomputed, bridge_adds_up, summary_is_the_sum_of_customers,
    closing_is_the_next_opening, customers_are_new_once, cohorts_are_recomputed,
    cohorts_hold_the_new_customers, one_revenue, nothing_lies_in_the_future,
)  # fmt: skip
