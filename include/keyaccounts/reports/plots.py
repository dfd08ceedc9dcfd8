"""The plots of the report: which there are, and what stands at their axes and lines."""

from __future__ import annotations

from typing import Any

from keyaccounts.reports import charts
from keyaccounts.texts import Texts


def report_plots(facts: dict[str, Any], texts: Texts, *, has_profit: bool) -> dict[str, str]:
    """Return the plots that have something to show, by name."""
    months, aging, bridge = facts["months"], facts["aging"], facts["bridge"]
    concentration = facts["concentration"]
    money = texts.word("currency", facts["currency"], fallback=facts["currency"])
    of_a_year = texts("plot.of_a_year", currency=money)
    plots = {}
    if months:
        plots["business"] = charts.lines(
            months,
            {"ttm_net_revenue_amount": texts("plot.revenue")}
            | ({"ttm_profit_amount": texts("plot.profit")} if has_profit else {}),
            unit=of_a_year,
            texts=texts,
        )
    if aging:
        plots["aging"] = charts.stacks(
            aging, texts.catalogue.group("aging"), unit=money, texts=texts
        )
    if any(row["dso_countback_days"] is not None for row in months):
        plots["dso"] = charts.lines(
            months, {"dso_countback_days": texts("plot.dso")}, unit=texts("plot.days"), texts=texts
        )
    if bridge:
        names = texts.catalogue.group("bridge")
        plots["bridge"] = charts.bridge(
            [(name, bridge[column]) for column, name in names.items()], unit=of_a_year, texts=texts
        )
    if any(row["nrr"] is not None for row in months):
        plots["kept"] = charts.lines(
            months,
            texts.catalogue.group("kept"),
            unit=texts("plot.of_revenue_before"),
            is_ratio=True,
            texts=texts,
        )
    if concentration:
        plots["concentration"] = charts.lines(
            concentration,
            texts.catalogue.group("largest"),
            unit=texts("plot.of_revenue"),
            is_ratio=True,
            texts=texts,
        )
    return plots
