"""The monthly profits that let the story accounts do what their stories say.

A window total moves by the month that enters minus the month that leaves, so a wanted path of
totals gives the months. Limits of the tiers depend on all accounts, hence the rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from keyaccounts.demo.market import FIRST_EVALUATED, Market

ROUNDS = 8
LEAST_MONTH = 0.03  # of an average month, so that nobody vanishes by calibration
GROWER_SIZES = (0.03, 0.06, 0.10, 0.15, 0.20, 0.25, 0.30)  # of the profit of the crowd
BULK_AGE = 13  # month of the bulk purchase before the last month-end
LOST_AGE = 27  # last month of the lost customers
CROSS_AGE = 13  # month in which the added family is bought
BOUGHT_DISCOUNTS, BOUGHT_GROWTH, BOUGHT_COST = (0.06, 0.14), 1.25, 0.56
FLAPPING_MONTHS = 14


@dataclass
class Plots:
    """Solves all stories together; `months` maps role -> profit per month of the data."""

    market: Market
    last: int
    length: int
    months: dict[str, list[float]]
    grower_size: int = 0


def solve(market: Market, last: int, length: int) -> Plots:
    """Monthly profits per role, calibrated on the crowd; month `last` is the last month-end."""
    plots = Plots(market, last, length, {})
    for role, months in _steady(market, last, length).items():
        _put(plots, role, months)
    for _ in range(ROUNDS):
        _put(plots, "bulk", _bulk(plots))
        _put(plots, "single", [1.6 * _highest(plots, "single", 0.80) / 12] * length)
        _put(plots, "grower", _grower(plots))
        _put(plots, "relative", _relative(plots))
        _put(plots, "whale", _whale(plots))
        _put(plots, "flapping", _flapping(plots))
    return plots


def _put(plots: Plots, role: str, months: list[float]) -> None:
    plots.months[role] = months
    plots.market.stories[role] = totals(months)


def totals(months: list[float]) -> list[float]:
    """Sum of the last twelve months at every month."""
    return [sum(months[max(0, m - 11) : m + 1]) for m in range(len(months))]


def _steady(market: Market, last: int, length: int) -> dict[str, list[float]]:
    """Roles whose size only has to be reasonable: sized by the crowd at the last month-end."""
    size = {c: market.limit("", last, c / 100) / 12 for c in (86, 88, 90, 92, 93, 95)}
    every = range(length)
    lost = [size[93] if m <= last - LOST_AGE else 0.0 for m in every]
    back = [size[93] if m >= last - 2 else 0.0 for m in every]
    cross = [size[88] * (1 if m <= last - CROSS_AGE else 0.35) for m in every]
    cross[last - CROSS_AGE] *= 1.25
    low, high = (1 - BOUGHT_COST / (1 - d) for d in BOUGHT_DISCOUNTS)
    rise = BOUGHT_GROWTH * high / low
    first = last - 20
    return {
        "slow": [size[86]] * length,
        **{f"cash{i}": [size[90] * (0.85 + 0.1 * i)] * length for i in range(1, 5)},
        "lost_a": lost,
        "lost_b": [0.8 * x for x in lost],
        "back_a": back,
        "back_b": [0.8 * x for x in back],
        "cross": cross,
        "rising": [
            0.12 * size[95] * max(0, m - first + 1) / 2 if m >= first else 0.0 for m in every
        ],
        "bought": [size[90] * (1 if m <= last - 12 else rise) for m in every],
        "new": [size[92] if m >= last - 1 else 0.0 for m in every],
    }


def _highest(plots: Plots, role: str, share: float, first: int = FIRST_EVALUATED) -> float:
    return max(plots.market.limit(role, m, share) for m in range(first, plots.last + 1))


def _bulk(plots: Plots) -> list[float]:
    bought = plots.last - BULK_AGE
    return [
        1.3 * _highest(plots, "bulk", 0.80, bought) if m == bought else 0.0
        for m in range(plots.length)
    ]


def _grower(plots: Plots) -> list[float]:
    """Small, then so large within a year that the limit of A moves over the head of `relative`."""
    market, last = plots.market, plots.last
    crowd, before = market.upto[last][-1], market.limit("relative", last, 0.70) / 12
    months: list[float] = []
    for step in range(plots.grower_size, len(GROWER_SIZES)):
        months = [before] * plots.length
        for m in range(last - 11, plots.length):
            months[m] = GROWER_SIZES[step] * crowd / 10.5 * min(1.0, (m - last + 12) / 4)
        market.stories["grower"] = totals(months)
        plots.grower_size = step
        if market.limit("relative", last, 0.83) > 1.12 * market.limit("relative", last - 12, 0.83):
            break
    return months


def _relative(plots: Plots) -> list[float]:
    """Keeps its profit, and still falls below the limit at the last two month-ends."""
    market, last = plots.market, plots.last
    safe = {m: 1.04 * market.limit("relative", m, 0.83) for m in range(FIRST_EVALUATED, last + 1)}
    path = {m: max(safe[m], safe[last - 12]) for m in range(FIRST_EVALUATED, last - 12)}
    path[FIRST_EVALUATED] = max(
        path[FIRST_EVALUATED], 1.04 * market.limit("relative", FIRST_EVALUATED, 0.80)
    )
    path[last - 12] = safe[last - 12]
    for m in range(last - 11, last - 1):
        share = (m - last + 12) / 10
        path[m] = max(safe[m], safe[last - 12] + share * (safe[last - 2] - safe[last - 12]))
    path[last - 1], path[last] = 0.91 * safe[last - 1], 0.91 * safe[last]
    return _follow(path, plots.length, (last - 1) % 12)


def _follow(path: dict[int, float], length: int, big_month: int | None = None) -> list[float]:
    """Months whose window totals follow `path`, as far as no month falls below the least one."""
    first = min(path)
    weights = [4.0 if m == big_month else 1.0 for m in range(12)]
    months = [path[first] * weights[m % 12] / sum(weights) for m in range(first + 1)]
    for m in range(first + 1, length):
        if m not in path:
            months.append(months[-1])
            continue
        wanted = path[m] - sum(months[m - 11 : m])
        months.append(max(wanted, LEAST_MONTH * path[m] / 12))
    return months


def _whale(plots: Plots) -> list[float]:
    """Large for years, shrinking for one year, and after the stop of two families far too small."""
    last = plots.last
    limit = {m: plots.market.limit("whale", m, 0.83) for m in range(last - 2, last + 1)}
    now = 0.80 * limit[last] / 12
    left_last = max(0.93 * limit[last - 1] - 11 * now, 1.1 * now)  # month last - 12
    left_before = max(1.08 * limit[last - 2] - left_last - 10 * now, 1.2 * left_last)
    top = max(0.6 * limit[last], 1.5 * left_before)
    months = [top] * plots.length
    for m in range(last - 23, last - 12):
        share = (m - last + 24) / 11
        months[m] = top + share * (left_before - top)
    months[last - 12] = left_last
    for m in range(last - 11, plots.length):
        months[m] = now
    return months


def _flapping(plots: Plots) -> list[float]:
    """On the B side of the 0.95 line for years, then across it and back."""
    market, last = plots.market, plots.last
    line = {m: market.limit("flapping", m, 0.95) for m in range(FIRST_EVALUATED, last + 1)}
    path = {}
    for m in line:
        near = [line[k] for k in range(m - 2, m + 3) if k in line]
        path[m] = 1.08 * sum(near) / len(near)
        if m > last - FLAPPING_MONTHS:
            path[m] = line[m] * (0.975 if (last - m) % 2 else 1.025)
    return _follow(path, plots.length)
