"""Properties of the alerts of customers and relationships that turn (semantics 3.8, 3.13)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

from tests.properties.basics import month_end
from tests.properties.crowd import Case, cents, difference
from tests.properties.retention import customers
from tests.properties.states import Course
from tests.properties.tiers import Rating

ONE_DAY = timedelta(days=1)
LEVELS = ("active", "at_risk", "churned")
SEVERITIES = {
    ("churned", "A"): "high", ("churned", "B"): "medium", ("at_risk", "A"): "medium",
}  # fmt: skip


def turns_of_customers_are_told(case: Case) -> Iterator[str]:
    """Each step towards a loss, and each return after one, on its day."""
    expected: dict[tuple, tuple] = {}
    former = date.min
    for described in case.courses.described:
        for customer, course in case.courses.on(described).items():
            for day, was, now in _steps(case, course, former, described):
                kind = "won_back" if now == "active" else "churn_state_enter"
                expected[kind, customer, day] = (was, now, *_facts(case, customer, course, day))
        former = described
    found = {
        (r["alert_type"], r["unit_id"], r["effective_date"]): (
            r["from_value"], r["to_value"], r["severity"], r["delivery"], r["owner_user_id"],
            json.loads(r["payload"])["last_purchase_date"], cents(r["at_stake_amount"]),
        )
        for r in case.mart("alert_events")
        if r["alert_type"] in {"churn_state_enter", "won_back"}
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _steps(
    case: Case, course: Course, after: date, described: date
) -> Iterator[tuple[date, str, str]]:
    """Yield day, state before and state of what is told of the days up to one described."""
    is_running = described not in case.books.months
    for day, (now, basis) in course.states.items():
        if not after < day <= described or day - ONE_DAY not in course.states:
            continue
        was, former_basis = course.states[day - ONE_DAY]
        if LEVELS.index(now) > LEVELS.index(was):
            if basis == "own" or not is_running:
                yield day, was, now
        elif (now, was) == ("active", "churned") and day in course.bought:
            lost = course.since(day - ONE_DAY)
            if former_basis == "own" or lost <= case.books.months[-1]:
                yield day, was, now


def _facts(case: Case, customer: str, course: Course, day: date) -> tuple:
    books, now = case.books, course.states[day][0]
    last = max(d for d in course.bought if d < day)
    closed = day if month_end(day) == day else day.replace(day=1) - ONE_DAY
    identity = books.identity(closed)
    rating = case.ratings.get(closed, {}).get(identity.unit.get(customer, ""))
    tier = rating.tier if rating else ""
    severity = "info" if now == "active" else SEVERITIES.get((now, tier), "low")
    described = next(d for d in case.courses.described if d >= day)
    accounts = customers(books, books.identity(described))[customer]
    year = month_end(last)
    windows = case.windows.at(year) if year in books.months else {}
    measure = case.windows.measure(year).name if windows else ""
    inside = [windows[a].value(measure) for a in accounts if a in windows]
    return (
        severity, "immediate" if severity == "high" else "digest",
        books.at(customer, day)["owner_user_id"], str(last), sum(inside) if inside else None,
    )  # fmt: skip


def turns_of_relationships_are_told(case: Case) -> Iterator[str]:
    """Month-ends at which an account comes to hang on single people, or loses a stage."""
    books, before, expected = case.books, {}, {}
    held = {
        (day, account): stage
        for account in {account for _, account in case.relationships.standings}
        for day, stage, _ in case.relationships.confirmed(account)
    }
    for (day, account), standing in sorted(case.relationships.standings.items()):
        identity = books.identity(day)
        if day not in books.months or identity.customer[account] != account:
            continue
        was_lonely, was_at = before.get(account, (False, 0))
        rating = case.ratings.get(day, {}).get(identity.unit[account])
        tier, owner = rating.tier if rating else "", books.at(account, day)["owner_user_id"]
        stage, profit = held[day, account], rating.profit if rating else None
        if standing.is_single and not was_lonely:
            severity = {"A": "high", "B": "medium"}.get(tier, "low")
            expected["single_threaded_enter", account, day] = (None, None, severity, owner, profit)
        if stage < was_at:
            severity = "high" if tier == "A" else "medium"
            told = (str(was_at), str(stage), severity, owner, profit)
            expected["stage_loss", account, day] = told
        before[account] = (standing.is_single, stage)
    found = {
        (r["alert_type"], r["unit_id"], r["effective_date"]): (
            r["from_value"], r["to_value"], r["severity"], r["owner_user_id"],
            cents(r["at_stake_amount"]),
        )
        for r in case.mart("alert_events")
        if r["alert_type"] in {"single_threaded_enter", "stage_loss"}
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def silences_are_told(case: Case) -> Iterator[str]:
    """P18: the first day of each silence on which the limit of the tier of that day is passed."""
    books, expected = case.books, {}
    for account, talks in case.relationships.talks.items():
        days = sorted({t.day for t in talks})
        for last, until in zip(days, [*days[1:], books.end + ONE_DAY], strict=True):
            for n in range(1, (until - last).days):
                day = last + timedelta(days=n)
                closed = day if month_end(day) == day else day.replace(day=1) - ONE_DAY
                rating = _rating(case, account, closed)
                if rating is None or rating.tier not in {"A", "B", "C"}:
                    continue
                limit = int(books.rule("contact_limits", day, tier=rating.tier)["limit_days"])
                if n == limit + 1:
                    severity = "medium" if rating.tier == "A" else "low"
                    owner = books.at(account, day)["owner_user_id"]
                    expected[account, day] = (severity, owner, rating.profit, str(last))
                    break
    found = {
        (r["unit_id"], r["effective_date"]): (
            r["severity"], r["owner_user_id"], cents(r["at_stake_amount"]),
            json.loads(r["payload"])["last_two_way_date"],
        )
        for r in case.mart("alert_events") if r["alert_type"] == "contact_overdue"
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _rating(case: Case, account: str, day: date) -> Rating | None:
    """Return the rating of the unit of an account at a month-end, None for merged records."""
    identity = case.books.identity(day)
    if identity.customer.get(account) != account or account in identity.internal:
        return None
    return case.ratings.get(day, {}).get(identity.unit[account])


CHECKS = (silences_are_told, turns_of_customers_are_told, turns_of_relationships_are_told)
