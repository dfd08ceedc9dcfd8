"""Properties of what is said of lost customers (N8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tests.properties.basics import business_day
from tests.properties.crowd import Case, difference
from tests.properties.harness import Row
from tests.properties.states import ONE_DAY, Loss


def post_mortems_are_recomputed(case: Case) -> Iterator[str]:
    """N8: why each customer left, what is missing of it, and how long it took to say."""
    books, expected = case.books, {}
    for customer, course in case.courses.on(case.courses.described[-1]).items():
        for loss in course.losses:
            until = loss.back - ONE_DAY if loss.back else books.end
            last = books.at(customer, until)
            missing, days = _post_mortem(case, customer, loss, until)
            expected[customer, loss.churned] = (
                last.get("exit_type") or "not_assessed", last.get("exit_reason"),
                _recorded(last, books.end), _competitor(last), _has_note(last), not missing,
                "|".join(missing) or None, days, days is not None and days <= 30,
            )  # fmt: skip
    found = {
        (r["customer_key"], r["churned_date"]): (
            r["exit_type"], r["exit_reason"], r["exit_recorded_on"], r["exit_competitor"],
            r["has_exit_note"], r["is_post_mortem_complete"], r["not_stated"],
            r["post_mortem_days"], r["is_post_mortem_in_time"],
        )
        for r in case.mart("churned_accounts")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _competitor(row: Row) -> str | None:
    return (row.get("exit_competitor") or "").strip() or None


def _has_note(row: Row) -> bool:
    return bool((row.get("exit_note") or "").strip())


def _recorded(row: Row, end: date) -> date | None:
    day: date | None = row.get("exit_recorded_on")
    return day if day is not None and day <= end else None


def _post_mortem(
    case: Case, customer: str, loss: Loss, until: date
) -> tuple[list[str], int | None]:
    """Return what is missing on the last day of a loss; the days until nothing was."""
    told = [v for of in case.books.versions.values() for v in of if v[0] <= until]
    is_named = any(_competitor(row) for _, row in told)
    is_noted = any(_has_note(row) for _, row in told)

    def missing(row: Row) -> list[str]:
        is_lost = row.get("exit_type") == "lost_to_competitor"
        recorded = row.get("exit_recorded_on")
        is_old = recorded is not None and recorded <= loss.last
        return [
            word for word, is_missing in (
                ("competitor", is_named and is_lost and not _competitor(row)),
                ("note", is_noted and not _has_note(row)),
                ("reason", row.get("exit_reason") is None),
                ("statement", is_old),
                ("type", row.get("exit_type") is None),
            ) if is_missing
        ]  # fmt: skip

    if lacking := missing(case.books.at(customer, until)):
        return lacking, None
    versions = case.books.versions[customer]
    before: set[date | None] = set()
    for place, (start, row) in enumerate(versions):
        end = versions[place + 1][0] if place + 1 < len(versions) else date.max
        if start > until or end <= loss.last:
            continue
        recorded = _recorded(row, case.books.end)
        if not missing(row):
            told_on = business_day(row["updated_at"] or row["landed_as_of"])
            if recorded is not None and recorded not in before:
                told_on = min(told_on, recorded)
            return [], max((told_on - loss.churned).days, 0)
        before.add(recorded)
    raise AssertionError("the last version lacks nothing")


CHECKS = (post_mortems_are_recomputed,)
