"""The fixture `concentration` as scopes of one company and as companies of their own.

Beside it a small company for forecasts, plans, seasons and referrals.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance import loaders, loaders_portfolio
from tests.acceptance.test_edge_companies import monthly, write_company
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse

Company = Callable[..., Warehouse]

COLUMNS = {
    "n_accounts": "accounts_count", "total_positive": "total_positive_amount",
    "top1_share": "top1_ratio", "top3_share": "top3_ratio", "top5_share": "top5_ratio",
    "hhi": "hhi", "hhi_points": "hhi_points", "effective_n": "effective_accounts", "gini": "gini",
    "n_accounts_for_50pct": "half_value_accounts_count",
}  # fmt: skip


@pytest.mark.fixture("concentration")
def test_concentration(company: Company, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "fixed_costs.csv").write_text("valid_from,monthly_amount\n2026-01-01,40\n", "utf-8")
    built = company(loaders_portfolio.concentration, "2026-06-30", rules_dir=str(rules))
    expected = loaders.read("concentration", "expected_concentration")
    for scope_type in ("channel", "owner", "product_family"):
        compare(
            built.records(
                "select * from marts.concentration where measure = 'revenue' "
                f"and scope_type = '{scope_type}' and scope_id like 'p_' order by scope_id"
            ),
            expected,
            {"scope": "scope_id", **COLUMNS},
        )
    # A to D of p1, A to D of p2, A of p3; E, F and those of p4 have 0 or less. No cost is known, so
    # revenue stands for profit and covers no fixed cost.
    assert built.rows(
        "select accounts_count, non_positive_count, total_positive_amount, top1_tier_unit_id, "
        "top1_band, hhi_band, without_top1_amount, without_top3_amount, "
        "fixed_cost_months_without_top1 "
        "from marts.concentration where scope_type = 'company' and measure = 'profit'"
    ) == [(9, 4, Decimal(1110), "p1-A", "high", "high", Decimal(655), Decimal(155), None)]


@pytest.mark.fixture("concentration")
@pytest.mark.parametrize("scope", ["p1", "p4"])
def test_concentration_of_a_company(company: Company, scope: str) -> None:
    built = company(partial(loaders_portfolio.concentration, only=scope), "2026-06-30")
    expected = loaders.read("concentration", "expected_concentration")
    found = built.records(
        "select * from marts.concentration where measure = 'revenue' and scope_type = 'company'"
    )
    compare(found, [r for r in expected if r["scope"] == scope], COLUMNS)
    is_none = scope == "p4"
    assert [(r["scope_id"], r["top1_band"], r["hhi_band"]) for r in found] == [
        ("company", "none", "none") if is_none else ("company", "critical", "high")
    ]


def _steady_and_quarterly(folder: Path) -> None:
    """P buys for 100 each month, Q for 30 each quarter; P has plans; S and T praise each other."""
    rows = monthly("P", "100.00", date(2024, 1, 1), 28)
    rows += [r for r in monthly("Q", "30.00", date(2024, 1, 1), 28) if r[2].month % 3 == 1]
    rows += [(f"{a}-1", a, date(2026, 4, 5), "1.00") for a in "RST"]
    write_company(folder, rows)
    loaders.write(
        folder,
        "crm_accounts",
        [{"account_id": a, "account_name": a, "channel": "direct", "referred_by_account_id": by}
         for a, by in (("P", None), ("Q", "P"), ("R", "Q"), ("S", "T"), ("T", "S"))],
    )  # fmt: skip
    loaders.write(
        folder,
        "crm_account_plans",
        [{"account_id": "P", "plan_month": f"2026-{month:02}-01", "plan_amount": amount}
         for month, amount in ((2, 80), (4, 200), (5, 125))],
    )  # fmt: skip


@pytest.mark.fixture("forecasts", "forecast_accuracy", "seasonality", "referrals")
def test_a_quarter_a_plan_a_season_and_a_circle(company: Company) -> None:
    built = company(_steady_and_quarterly, "2026-04-30")
    shown = (
        "select forecast_month, forecast_model, forecast_amount, plan_amount, actual_amount, "
        "plan_attainment_ratio, cumulative_attainment_ratio from marts.forecasts "
    )
    assert built.rows(
        f"{shown} where account_id = 'P' and year(forecast_month) = 2026 order by forecast_month"
    ) == [
        (date(2026, 1, 1), "seasonal_naive", 100, None, 100, None, None),
        (date(2026, 2, 1), "seasonal_naive", 100, 80, 100, Decimal("1.25"), Decimal("1.25")),
        (date(2026, 3, 1), "seasonal_naive", 100, None, 100, None, Decimal("1.25")),
        (date(2026, 4, 1), "seasonal_naive", 100, 200, 100, Decimal("0.5"), Decimal("0.714286")),
        (date(2026, 5, 1), "seasonal_naive", 100, 125, None, None, None),
        (date(2026, 6, 1), "seasonal_naive", 100, None, None, None, None),
        (date(2026, 7, 1), "seasonal_naive", 100, None, None, None, None),
        (date(2026, 8, 1), "seasonal_naive", 100, None, None, None, None),
    ]
    assert {r[1:3] for r in built.rows(f"{shown} where account_id = 'Q'")} == {
        ("quarterly_naive", 10)
    }
    # Eight months of 10 for nothing, four of 10 for 30; the month of last year is always right.
    assert built.rows(
        "select forecast_model, origins_count, actual_amount, wape_ratio, bias_ratio, mase, "
        "is_better_than_naive from marts.forecast_accuracy where scope_type = 'company' "
        "and month_end = date '2026-04-30' order by forecast_model"
    ) == [
        ("quarterly_naive", 12, 120, Decimal("1.333333"), 0, None, False),
        ("seasonal_naive", 12, 1200, 0, 0, None, False),
    ]
    # Two years: 2400 + 240 + 3, of them 260 in January, 200 in February, 263 in April.
    assert built.rows(
        "select calendar_month, seasonal_index, months_of_history_count from marts.seasonality "
        "where scope_type = 'company' and month_end = date '2026-04-30' "
        "and calendar_month in (1, 2, 4) order by calendar_month"
    ) == [
        (1, Decimal("1.180477"), 24),
        (2, Decimal("0.908059"), 24),
        (4, Decimal("1.194098"), 24),
    ]
    assert built.rows(
        "select account_id, source_account_id, root_account_id, chain_length_count, "
        "ttm_net_revenue_amount, is_same_unit from marts.referrals order by account_id"
    ) == [("Q", "P", "P", 1, 120, False), ("R", "Q", "P", 2, 1, False)]
