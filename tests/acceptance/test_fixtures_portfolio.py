"""The fixture `concentration` as scopes of one company and as companies of their own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance import loaders, loaders_portfolio
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
