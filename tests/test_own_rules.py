"""A company's own rules are refused with file, line and column when they cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyaccounts.errors import ConfigurationError
from keyaccounts.warehouse.build import DBT_PROJECT
from keyaccounts.warehouse.rules import check_rules

SEEDS = DBT_PROJECT / "seeds"
ALERT_RULES = (SEEDS / "alert_rules.csv").read_text("utf-8")
LIFECYCLE = (SEEDS / "lifecycle_config.csv").read_text("utf-8")
PURCHASES = (SEEDS / "purchase_rules.csv").read_text("utf-8")
CONCENTRATION = (SEEDS / "concentration_config.csv").read_text("utf-8")
CANDIDATES = (SEEDS / "candidate_config.csv").read_text("utf-8")
HEADER, ROW = (SEEDS / "tier_config.csv").read_text("utf-8").splitlines()


@pytest.mark.parametrize("seed", sorted(SEEDS.glob("*.csv")), ids=lambda f: f.stem)
def test_the_projects_own_rules_pass(seed: Path) -> None:
    check_rules(seed, SEEDS)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tiers.csv", ROW, "tiers.csv is no rule file; known: aging_buckets.csv"),
        ("tier_config.csv", "valid_from,threshold_a\n", "must begin with valid_from,threshold_a,"),
        ("tier_config.csv", f"{HEADER}\n", "has a header and no row"),
        ("tier_config.csv", f"{HEADER}\n{ROW},1\n", "line 2 has 10 fields, not 9"),
        (
            "tier_config.csv",
            f"{HEADER}\n{ROW.replace('0.8000', 'eighty')}\n",
            "line 2, column threshold_a: 'eighty' does not parse",
        ),
        (
            "tier_config.csv",
            f"{HEADER}\n{ROW.replace('0.8000', '0.9900')}\n",
            "line 2: threshold_a must lie below threshold_b",
        ),
        (
            "payment_rules.csv",
            (SEEDS / "payment_rules.csv").read_text("utf-8").replace(",0.1000,", ",10,"),
            "line 2: cost_of_capital is a fraction, 0.10 for 10 %",
        ),
        (
            "value_config.csv",
            (SEEDS / "value_config.csv").read_text("utf-8").replace("0.0500", "0"),
            "line 2: churn_floor must be above 0 and at most 1",
        ),
        (
            "forecast_config.csv",
            (SEEDS / "forecast_config.csv").read_text("utf-8").replace("0.5000,2", "2.5000,2"),
            "line 2: growth_floor must not be above growth_cap",
        ),
        (
            "candidate_config.csv",
            CANDIDATES.replace(",12,24,24,", ",12,24.5,24,"),
            "line 2, column follower_months: '24.5' must be a whole number of months from 1 on",
        ),
        (
            "candidate_config.csv",
            CANDIDATES.replace(",12,24,24,", ",0,24,24,"),
            "line 2, column influence_months: '0' must be a whole number of months from 1 on",
        ),
        (
            "candidate_config.csv",
            CANDIDATES.replace(",12,4,0.25", ",12,6,0.25"),
            "line 2, column minimum_influence_score: '6' must be a whole number from 0 to 5",
        ),
        (
            "candidate_config.csv",
            CANDIDATES.replace("0.1600", "0.0250"),
            "line 2: innovator_share must lie below early_adopter_share, both between 0 and 1",
        ),
        (
            "candidate_config.csv",
            CANDIDATES.replace("0.4000,0.3000", "0.4000,0.2000"),
            "influence_weight, volume_weight, prospect_weight must not be below 0 and make 1",
        ),
        (
            "candidate_config.csv",
            CANDIDATES.replace("0.4000,0.3000", "0.8000,-0.1000"),
            "influence_weight, volume_weight, prospect_weight must not be below 0 and make 1",
        ),
        *(
            (
                "candidate_config.csv",
                CANDIDATES.replace(*changed),
                "line 2: minimum_ramp_ratio must be above 1, referred_profit_share and "
                "exclusive_wallet_share above 0",
            )
            for changed in (
                ("2.0000,0.9000", "1.0000,0.9000"),
                ("2.0000,0.9000", "2.0000,0.0000"),
                ("0.2500,2.0000", "0.0000,2.0000"),
            )
        ),
        *(
            (
                "lifecycle_config.csv",
                LIFECYCLE.replace("5,30,365,2.0,180,365", text),
                f"line 2: each from_days must not be above its to_days, and {rest}",
            )
            for text, rest in (
                ("5,30,20,2.0,180,365", "the bounds of at_risk"),
                ("5,30,365,2.0,180,360", "the bounds of at_risk not above those of churned"),
                ("5,30,100,2.0,20,365", "the bounds of at_risk not above those of churned"),
                ("5,30,100,2.0,180,170", "the bounds"),
            )
        ),
        (
            "lifecycle_config.csv",
            LIFECYCLE.replace("2.0", "0.9"),
            "line 2: churned_multiple must be at least 1 and have at most one decimal",
        ),
        (
            "lifecycle_config.csv",
            LIFECYCLE.replace("2.0", "2.05"),
            "line 2: churned_multiple must be at least 1 and have at most one decimal",
        ),
        (
            "lifecycle_config.csv",
            LIFECYCLE.replace("5,30", "0,30"),
            "line 2, column own_gaps: '0' must be a whole number from 1 on",
        ),
        (
            "concentration_config.csv",
            CONCENTRATION.replace("0.1000,0.2500,", "0.2500,0.2500,"),
            "line 2: noticeable_top1_share, high_top1_share, critical_top1_share must rise, ",
        ),
        (
            "concentration_config.csv",
            CONCENTRATION.replace("0.1800", "1.8000"),
            "line 2: moderate_hhi, high_hhi must rise, between 0 and 1",
        ),
        (
            "concentration_config.csv",
            CONCENTRATION.replace(",10", ",0"),
            "line 2: minimum_alert_units must be above 0",
        ),
        (
            "fixed_costs.csv",
            "valid_from,monthly_amount\n2026-01-01,0\n",
            "line 2: monthly_amount must be above 0",
        ),
        (
            "purchase_rules.csv",
            PURCHASES.replace("family,365", "product,365"),
            "line 2, column product_level: 'product' is none of category, family",
        ),
        *(
            (
                "purchase_rules.csv",
                PURCHASES.replace("365", days),
                f"line 2, column won_back_gap_days: '{days}' must be a whole number of days",
            )
            for days in ("0", "1.5", "-3")
        ),
        (
            "purchase_rules.csv",
            PURCHASES.replace(",24", ",0"),
            "line 2, column opportunity_months: '0' must be a whole number of months from 1 on",
        ),
        (
            "tier_config.csv",
            f"{HEADER}\n{ROW.replace('1900', '2026')}\n",
            "begins at 2026-01-01; its first row must be valid from 1900-01-01",
        ),
        (
            "alert_rules.csv",
            "valid_from,rule,amount\n1900-01-01,overdue_90_days,91\n",
            "alert_rules.csv lacks rule default_terms_days, ",
        ),
        (
            "alert_rules.csv",
            f"{ALERT_RULES}1900-01-01,overdue_ninety_days,91\n",
            "alert_rules.csv has the unknown rule overdue_ninety_days",
        ),
        (
            "cost_to_serve_rates.csv",
            "valid_from,kind,amount\n2025-01-01,visits,400\n",
            "line 2, column kind: 'visits' is none of call, case, order, return, visit",
        ),
        (
            "cost_to_serve_rates.csv",
            "valid_from,kind,amount\n2025-01-01,visit,-4\n",
            "line 2, column amount: a rate is not below 0",
        ),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        check_rules(file, SEEDS)
    assert said in str(refused.value)


def test_rates_of_cost_to_serve_may_begin_on_any_day(tmp_path: Path) -> None:
    file = tmp_path / "cost_to_serve_rates.csv"
    for rows in ("", "2025-01-01,visit,400.00\n"):
        file.write_text(f"valid_from,kind,amount\n{rows}", "utf-8")
        check_rules(file, SEEDS)
