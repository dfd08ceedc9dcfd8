"""Properties of the states of customers and of what was lost (semantics 3.8)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from tests.properties.basics import add_months, business_day, half_away, month_end, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.purchases import completed_lines
from tests.properties.retention import cohorts, customers, is_legacy
from tests.properties.states import ONE_DAY, Course, Loss
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


def losses_are_recomputed(case: Case) -> Iterator[str]:
    """N7, N9: each loss, what it was worth and what could be seen before."""
    books, expected = case.books, {}
    identity = books.identity(books.end)
    members = customers(books, identity)
    watched = {(r["tier_unit_id"], r["effective_date"])
               for r in case.mart("tier_events") if r["event_type"] == "watch"}  # fmt: skip
    for customer, course in case.courses.on(case.courses.described[-1]).items():
        for loss in course.losses:
            until = loss.back - ONE_DAY if loss.back else books.end
            profit, rank = _worth(case, customer, members, loss)
            conflicts = _conflicts(case, members[customer])
            expected[customer, loss.churned] = (
                books.end, identity.unit[customer], _tier_before(case, customer, course, loss),
                books.at(customer, loss.churned)["owner_user_id"], profit, rank,
                profit is not None and profit <= 0,
                any(opened <= until and closed > loss.last for opened, closed in conflicts),
                _signals(case, customer, members[customer], course, loss, conflicts, watched),
                loss.back,
            )  # fmt: skip
    found = {
        (r["customer_key"], r["churned_date"]): (
            r["as_of_date"], r["tier_unit_id"], r["tier_before"], r["owner_user_id"],
            cents(r["profit_before_amount"]), r["profit_percentile_ratio"], r["is_unprofitable"],
            r["has_had_severe_conflict"], r["signals_before"],
            r["came_back_date"],
        )
        for r in case.mart("churned_accounts")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _worth(
    case: Case, customer: str, members: dict[str, list[str]], loss: Loss
) -> tuple[int | None, Decimal | None]:
    """Return profit to the month-end of the last purchase, and the share of others below it."""
    day = month_end(loss.last)
    if day not in case.windows.tier_months:
        return None, None
    window, measure = case.windows.at(day), case.windows.measure(day).name
    profits = {
        c: sum(window[a].value(measure) for a in accounts if a in window)
        for c, accounts in members.items()
        if sum(window[a].count for a in accounts if a in window) > 0
    }
    below = sum(profit < profits[customer] for profit in profits.values())
    rank = ratio(Fraction(below, len(profits) - 1)) if len(profits) > 1 else None
    return profits[customer], rank


def _tier_before(case: Case, customer: str, course: Course, loss: Loss) -> str | None:
    days = [
        m for m in case.books.months
        if m < loss.churned and course.states.get(m, ("", ""))[0] == "active"
    ]  # fmt: skip
    if not days:
        return None
    unit = case.books.identity(days[-1]).unit[customer]
    rating = case.ratings.get(days[-1], {}).get(unit)
    return rating.tier if rating else None


def _conflicts(case: Case, accounts: list[str]) -> list[tuple[date, date]]:
    """Return when severe complaints and disputes were opened and resolved."""
    return [
        (opened, business_day(r["resolved_at"]) if r["resolved_at"] else date.max)
        for r in case.inputs.rows.get("crm_service_cases", [])
        if r["account_id"] in accounts and r["severity"] == 1
        and r["case_type"] in {"complaint", "dispute"}
        and (opened := business_day(r["opened_at"])) <= case.books.end
    ]  # fmt: skip


def _signals(
    case: Case, customer: str, accounts: list[str], course: Course, loss: Loss,
    conflicts: list[tuple[date, date]], watched: set[tuple[str, date]],
) -> str | None:  # fmt: skip
    """Return what could be seen in the twelve months before a loss."""
    start, end, books = add_months(loss.churned, -12), loss.churned, case.books
    debts = case.old_debts if case.has_receivables else {}
    owners = [(day, row["owner_user_id"]) for day, row in books.versions[customer]]
    signals = {
        "at_risk": any(s[0] == "at_risk" for d, s in course.states.items() if start <= d < end),
        "overdue_90": any(
            first < end and until > start for a in accounts for first, until in debts.get(a, [])
        ),
        "owner_change": any(
            start <= day < end and owner != before
            for (_, before), (day, owner) in pairwise(owners)
        ),
        "severe_conflict": any(opened < end and closed > start for opened, closed in conflicts),
        "watch": any(
            (books.identity(m).unit[customer], m) in watched
            for m in books.months if start <= m < end
        ),
    }  # fmt: skip
    return "|".join(name for name, is_there in signals.items() if is_there) or None


def _line_sides(case: Case) -> dict[tuple[date, str, str], int | None]:
    """Return the bought lines of completed orders by month-end, null without orders."""
    has_orders = {"erp_orders", "erp_order_lines"} <= set(case.inputs.rows)
    counts = Counter(month_end(x.day) for x in completed_lines(case.books) if not x.is_return)
    return {
        (m, "purchase_types", "company"): counts[m] if has_orders else None
        for m in case.books.months
    }


def retention_is_reconciled(case: Case) -> Iterator[str]:
    """I23, I24, I26, I28, I43: the sides of each identity are the recomputed ones, and equal."""
    expected = {**_book_sides(case), **_cohort_sides(case), **_line_sides(case)}
    rows = case.mart("retention_reconciliation")
    found = {
        (r["month_end"], r["check_name"], r["scope_id"]): (r["left_value"], r["right_value"])
        for r in rows
        if r["check_name"] != "nrr_grr" and not r["scope_id"].startswith("month_over_month")
    }
    if problem := difference({k: (v, v) for k, v in expected.items()}, found):
        yield problem
    if bad := [r for r in rows if (r["check_status"] == "ok") == (r["left_value"] is None)]:
        yield f"{len(bad)} are not ok, first {bad[0]}"
    ratios = {(r["month_end"], r["scope_id"]): r["left_value"]
              for r in rows if r["check_name"] == "nrr_grr"}  # fmt: skip
    told = {
        (r["month_end"], f"{r['comparison']}:{r['measure']}"): Decimal(
            half_away(int(r["nrr"] * 10**6), 100)
        ) / 10**4
        for r in case.mart("retention_summary")
        if r["scope_type"] == "company" and r["nrr"] is not None
    }  # fmt: skip
    if problem := difference(told, ratios):
        yield problem


def _book_sides(case: Case) -> dict[tuple[date, str, str], Decimal]:
    """Return the amounts that bridges, adjoining windows and revenue have to agree on."""
    found = {}
    for day in case.windows.bridge_months:
        for measure, bridge in case.yearly.items():
            closing = sum(m.closing for (d, _), m in bridge.items() if d == day)
            for scope in ("company", "channel", "region", "tier", "tenure_band", "owner"):
                found[day, "bridge", f"year_over_year:{measure}:{scope}"] = Decimal(closing) / 100
        opening = sum(m.opening for (d, _), m in case.yearly["revenue"].items() if d == day)
        found[day, "adjoining_windows", "company"] = Decimal(opening) / 100
        internal = case.books.identity(day).internal
        lines = sum(w.net for a, w in case.windows.at(day).items() if a not in internal)
        for mart in ("account_tiers", "retention_summary"):
            found[day, "tier_revenue", mart] = Decimal(lines) / 100
    return found


def _cohort_sides(case: Case) -> dict[tuple[date, str, str], Decimal]:
    """Return how many customers began in each month, and what all cohorts brought up to it."""
    found = {}
    sizes, cells = cohorts(case.books, case.windows)
    first = month_number(case.books.months[0]) if case.books.months else 0
    for day in case.books.months:
        month = month_number(day)
        began = sum(size for (start, _), size in sizes.items() if max(start, first) == month)
        paid = sum(cell.revenue for (start, _, index), cell in cells.items()
                   if start + index <= month)  # fmt: skip
        found[day, "cohort_sizes", "company"] = Decimal(began)
        found[day, "cohort_revenue", "company"] = Decimal(paid) / 100
    return found


CHECKS = (lives_are_recomputed, losses_are_recomputed, retention_is_reconciled)
