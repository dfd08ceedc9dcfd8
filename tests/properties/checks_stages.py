"""What stages earn: the grid of stages and ratings and the profits of stages, recomputed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.properties.crowd import Case, cents, difference
from tests.properties.relationships import Standing
from tests.properties.tiers import ratio
from tests.properties.windows import Window

Account = tuple[Standing, Window | None, int | None]


def _accounts(case: Case) -> dict[date, list[Account]]:
    """Return month-end to its accounts: standing, window, profit in cents where it is known."""
    found: dict[date, list[Account]] = defaultdict(list)
    for (day, account), standing in case.relationships.standings.items():
        if day not in case.windows.tier_months:
            continue
        window, measure = case.windows.at(day).get(account), case.windows.measure(day).name
        is_known = window is not None and measure != "net_revenue"
        found[day].append((standing, window, window.value(measure) if is_known else None))
    return found


def grid_is_recomputed(case: Case) -> Iterator[str]:
    """Every cell of `relationship_matrix`, empty ones included."""
    expected = {}
    for day, accounts in _accounts(case).items():
        least = int(case.books.rule("relationship_rules", day)["minimum_cell_accounts"])
        for cell in [(stage, rating) for stage in range(1, 6) for rating in range(6)]:
            members = [x for x in accounts if (x[0].stage, x[0].rating or 0) == cell]
            profits = [profit for _, _, profit in members if profit is not None]
            is_shown = len(members) >= least
            expected[day, *cell] = (
                len(members), sum(w.net for _, w, _ in members if w) if is_shown else None,
                sum(profits) if profits and is_shown else None,
            )  # fmt: skip
    found = {
        (r["month_end"], r["evidenced_stage"], r["interpersonal_stage"]): (
            r["accounts_count"], cents(r["ttm_net_revenue_amount"]), cents(r["ttm_profit_amount"]),
        )
        for r in case.mart("relationship_matrix")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def stage_profits_are_recomputed(case: Case) -> Iterator[str]:
    """Medians and sums of `stage_profits`."""
    expected = {}
    for day, accounts in _accounts(case).items():
        for stage in range(6):
            members = [x for x in accounts if x[0].stage == stage]
            profits = [profit for _, _, profit in members if profit is not None]
            # A margin is rounded before the median is taken, as a reader of the rows would.
            margins = [
                Fraction(ratio(Fraction(profit, window.net)) or 0)
                for _, window, profit in members
                if profit is not None and window and window.net > 0
            ]
            median = _median([Fraction(p) for p in profits])
            expected[day, stage] = (
                len(profits), None if median is None else _cents(median), ratio(_median(margins)),
                sum(window.net for _, window, _ in members if window),
            )  # fmt: skip
    found = {
        (r["month_end"], r["evidenced_stage"]): (
            r["accounts_count"], cents(r["median_profit_amount"]), r["median_margin_ratio"],
            cents(r["ttm_net_revenue_amount"]),
        )
        for r in case.mart("stage_profits")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _median(values: list[Fraction]) -> Fraction | None:
    ordered = sorted(values)
    half = len(ordered) // 2
    if not ordered:
        return None
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _cents(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(Decimal(int(abs(value) * 2 + 1) // 2))


CHECKS = (grid_is_recomputed, stage_profits_are_recomputed)
