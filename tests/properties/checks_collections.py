"""Properties of the collection figures (I10 to I12)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.properties.collection_days import Collections
from tests.properties.crowd import Case, difference

MONEY = ("beginning_receivables_amount", "credit_sales_amount", "ending_receivables_amount",
         "ending_current_amount")  # fmt: skip
DELAY = ("dso_period_days", "bpdso_days", "add_days")


def collections_are_recomputed(case: Case) -> Iterator[str]:
    """Every figure of every scope on every day described, from documents and the aging."""
    rows = case.mart("collection_metrics")
    if not case.has_receivables:
        if rows:
            yield "rows without delivered applications"
        return
    collections = Collections(case)
    days = sorted({day for day, _ in collections.stocks})
    if sorted({r["as_of_date"] for r in rows}) != days:
        yield f"not the days of the aging: {days[:3]}"
    found: dict = {day: {} for day in days}
    for r in rows:
        found[r["as_of_date"]][r["scope_type"], r["scope_id"]] = (
            r["period_from"], r["period_days"], *(int(r[c] * 100) for c in MONEY),
            _scaled(r["cei"], 6), *(_scaled(r[c], 2) for c in DELAY),
            _scaled(r["overdue_ratio"], 6), _scaled(r["dso_simple_days"], 2),
            _scaled(r["dso_countback_days"], 2), r["is_truncated"],
            int(r["uncovered_amount"] * 100), _scaled(r["to_pay_days"], 2),
            _scaled(r["late_days"], 2), r["applications_count"], int(r["applied_amount"] * 100),
        )  # fmt: skip
    for day in days:
        expected = {k: collections.figures(s, day) for k, s in collections.scopes(day).items()}
        if problem := difference(expected, found[day]):
            yield f"{day}: {problem}"
            return


def _scaled(value: object, places: int) -> int | None:
    return None if value is None else int(value * 10**places)  # type: ignore[operator]


def effectiveness_has_its_limits(case: Case) -> Iterator[str]:
    """I10: never above 1; not below 0 where no more is owed than was owed before or sold since."""
    for r in case.mart("collection_metrics"):
        begin, sales, end, current = (r[c] for c in MONEY)
        cei, where = r["cei"], f"{r['as_of_date']} {r['scope_type']} {r['scope_id']}"
        if (cei is None) != (begin + sales - current <= 0):
            yield f"{where}: cei {cei} of {begin} + {sales} - {current}"
        elif cei is not None and not (cei <= 1 and (cei >= 0 or end > begin + sales)):
            yield f"{where}: cei {cei}"


def delay_is_not_negative(case: Case) -> Iterator[str]:
    """I11: the best possible DSO is not above the DSO; the delay is their difference."""
    for r in case.mart("collection_metrics"):
        dso, best, delay = (r[c] for c in DELAY)
        if (dso is None) != (r["credit_sales_amount"] <= 0):
            yield f"{r['as_of_date']} {r['scope_id']}: DSO {dso}"
        # Each is rounded by itself.
        elif dso is not None and not (best <= dso and delay >= 0 and abs(dso - best - delay) < 1):
            yield f"{r['as_of_date']} {r['scope_id']}: {dso}, {best}, {delay}"


def a_month_of_sales_is_its_days(case: Case) -> Iterator[str]:
    """I12: receivables as high as the sales of the running month are its days, in any lookback."""
    for r in case.mart("collection_metrics"):
        owed, where = r["ending_receivables_amount"], f"{r['as_of_date']} {r['scope_id']}"
        is_one_month = r["period_from"] == r["as_of_date"].replace(day=1)
        days = 0 if owed <= 0 else r["period_days"]
        is_told = owed <= 0 or (is_one_month and owed == r["credit_sales_amount"])
        if is_told and r["dso_countback_days"] != days:
            yield f"{where}: {r['dso_countback_days']} days, expected {days}"


CHECKS = (
    collections_are_recomputed, effectiveness_has_its_limits, delay_is_not_negative,
    a_month_of_sales_is_its_days,
)  # fmt: skip
