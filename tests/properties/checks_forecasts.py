"""Properties of forecasts beside plans and actuals, of their errors and of the seasons (3.15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.properties import outlook
from tests.properties.basics import add_months, month_end, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.outlook import Forecast
from tests.properties.tiers import ratio


def _sold(case: Case, account: str, month: date) -> int:
    cells = case.windows.cells.get(account, {}).get(month_number(month), {})
    return sum(cell.net for cell in cells.values())


def _share(part: int, whole: int) -> object:
    return ratio(Fraction(part, whole)) if whole > 0 else None


def forecasts_meet_their_plans(case: Case) -> Iterator[str]:
    """D3, D10: each month of an account with what was expected, planned and sold."""
    books, last = case.books, outlook.last_month(case)
    start = books.first_document.replace(day=1)
    plans: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for r in case.inputs.rows.get("crm_account_plans", []):
        plans[r["account_id"]][r["plan_month"].replace(day=1)] += cents(r["plan_amount"]) or 0
    expected = {}
    for account in [a for accounts in outlook.units_of(case).values() for a in accounts]:
        cells, plan = case.windows.cells.get(account), plans.get(account, {})
        for ahead in range(-11, 5):
            month = add_months(last.replace(day=1), ahead)
            is_there = cells and min(cells) <= month_number(month)
            if month < start or not (is_there or month in plan):
                continue
            made_on = min(month - timedelta(days=1), last)
            f = None
            if made_on >= month_end(start):
                steps = month_number(month) - month_number(made_on)
                f = outlook.forecast(case, account, made_on, steps)
            sold = _sold(case, account, month) if month <= last else None
            year = [m for m in plan if m.year == month.year and start <= m <= month <= last]
            expected[account, month] = (
                case.books.end, made_on, *_named(f), plan.get(month), sold,
                None if sold is None else _share(sold, plan.get(month, 0)),
                _share(sum(_sold(case, account, m) for m in year), sum(plan[m] for m in year)),
            )  # fmt: skip
    found = {
        (r["account_id"], r["forecast_month"]): (
            r["as_of_date"], r["forecast_made_on"], r["forecast_model"], r["is_intermittent"],
            cents(r["forecast_amount"]), r["trailing_growth_ratio"], cents(r["plan_amount"]),
            cents(r["actual_amount"]), r["plan_attainment_ratio"],
            r["cumulative_attainment_ratio"],
        )
        for r in case.mart("forecasts")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _named(f: Forecast | None) -> tuple:
    if f is None:
        return "seasonal_naive", False, None, None
    model = "quarterly_naive" if f.is_intermittent else "seasonal_naive"
    return model, f.is_intermittent, f.amount, ratio(f.growth)


def errors_are_recomputed(case: Case) -> Iterator[str]:
    """D3: how far forecasts of twelve origins were off, and the seasonal naive in their place."""
    books = case.books
    made: dict[date, dict[str, Forecast]] = {}
    for origin, met in zip(books.months, books.months[1:], strict=False):
        forecasts = {a: outlook.forecast(case, a, origin, 1) for a in case.windows.cells}
        made[met] = {a: f for a, f in forecasts.items() if f}
    expected = {}
    for place, day in enumerate(books.months):
        sums: dict[tuple[str, str, str], list[tuple[date, int, Forecast]]] = defaultdict(list)
        for met in books.months[max(place - 11, 0) : place + 1]:
            for account, f in made.get(met, {}).items():
                for scope in _scopes(case, account, day):
                    found = (met, _sold(case, account, met), f)
                    sums[*scope, _named(f)[0]].append(found)
        for key, rows in sums.items():
            expected[day, *key] = _errors(rows)
    found_rows = {
        (r["month_end"], r["scope_type"], r["scope_id"], r["forecast_model"]): (
            r["origins_count"], cents(r["actual_amount"]), r["wape_ratio"], r["bias_ratio"],
            r["mase"], r["is_better_than_naive"])
        for r in case.mart("forecast_accuracy")
    }  # fmt: skip
    if problem := difference(expected, found_rows):
        yield problem


def _scopes(case: Case, account: str, day: date) -> list[tuple[str, str]]:
    identity, version = case.books.identity(day), case.books.at(account, day)
    if account in identity.internal:
        return []
    rating = case.ratings.get(day, {}).get(identity.unit[account])
    return [
        ("company", "company"),
        ("channel", version["channel"] or "unknown"),
        ("owner", version["owner_user_id"] or "none"),
        ("tier", rating.tier if rating else "none"),
    ]


def _errors(rows: list[tuple[date, int, Forecast]]) -> tuple:
    sold = sum(actual for _, actual, _ in rows)
    off = sum(abs(f.amount - actual) for _, actual, f in rows)
    naive = sum(abs(f.naive - actual) for _, actual, f in rows)
    bias = sum(f.amount - actual for _, actual, f in rows)
    return (
        len({met for met, _, _ in rows}), sold, _share(off, sold), _share(bias, sold),
        _share(off, naive), off < naive,
    )  # fmt: skip


def seasons_are_recomputed(case: Case) -> Iterator[str]:
    """V13: the share of each calendar month in whole years, by the channel of the sale's month."""
    books, first = case.books, case.books.first_document
    sold: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for line in books.lines:
        version = books.at(line.account, month_end(line.day))
        if line.day.replace(day=1) < first or month_end(line.day) > books.end:
            continue
        if not version["is_internal"]:
            scopes = [("company", "company"), ("channel", version["channel"] or "unknown"),
                      ("product_family", line.family)]  # fmt: skip
            for scope in scopes:
                sold[scope][month_number(line.day)] += line.net
    expected = {}
    for day in case.windows.tier_months:
        now = month_number(day)
        for scope, months in sold.items():
            history = now - min(months) + 1
            if history < 1:
                continue
            used = history if history < 24 else history // 12 * 12
            window = {m: net for m, net in months.items() if now - used < m <= now}
            total = sum(window.values())
            for calendar in range(1, 13):
                part = sum(net for m, net in window.items() if m % 12 == calendar % 12)
                index = _share(part * 12, total) if used >= 24 else None
                expected[day, *scope, calendar] = (index, used)
    found = {
        (r["month_end"], r["scope_type"], r["scope_id"], r["calendar_month"]): (
            r["seasonal_index"], r["months_of_history_count"])
        for r in case.mart("seasonality")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (forecasts_meet_their_plans, errors_are_recomputed, seasons_are_recomputed)
