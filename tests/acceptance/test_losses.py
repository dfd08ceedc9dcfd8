"""Customers that were lost: since when, what they were worth, and how often the rule was wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.acceptance.loaders_losses import DAY, losses
from tests.conftest import Warehouse, build_company


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("losses")
    losses(folder / "source")
    return build_company(folder / "home", folder / "source", str(DAY))


def test_a_loss_begins_on_the_day_after_its_limit(built: Warehouse) -> None:
    assert built.rows(
        "select customer_key, churned_date, came_back_date from marts.churned_accounts order by 1"
    ) == [
        ("BACK", date(2024, 9, 2), date(2024, 12, 5)),
        ("GONE", date(2025, 12, 3), None),
        ("LATE", date(2025, 12, 3), None),
        ("SLOW", date(2025, 6, 4), date(2026, 6, 4)),
        ("TARDY", date(2025, 6, 4), date(2026, 6, 5)),
    ]


def test_a_loss_is_ranked_among_the_customers_of_its_last_year(built: Warehouse) -> None:
    assert built.rows(
        "select customer_key, profit_before_amount, profit_percentile_ratio, tier_before, "
        "is_unprofitable from marts.churned_accounts order by 1"
    ) == [
        # Before the first twelve months there is neither a profit nor a tier.
        ("BACK", None, None, None, False),
        ("GONE", 1200, Decimal("0.800000"), "C", False),
        ("LATE", 600, Decimal("0.000000"), "C", False),
        ("SLOW", 600, Decimal("0.400000"), "C", False),
        ("TARDY", 600, Decimal("0.400000"), "C", False),
    ]


def test_a_post_mortem_needs_what_the_source_delivers(built: Warehouse) -> None:
    assert built.rows(
        "select customer_key, not_stated, exit_recorded_on, exit_competitor, has_exit_note "
        "from marts.churned_accounts order by 1"
    ) == [
        ("BACK", "statement", date(2024, 3, 1), None, True),
        ("GONE", None, date(2025, 12, 10), "Nordwerk", True),
        ("LATE", "note|reason", None, None, False),
        ("SLOW", "competitor", None, None, True),
        ("TARDY", "note|reason|type", None, None, False),
    ]


def test_a_post_mortem_needs_type_and_reason(built: Warehouse) -> None:
    assert built.rows(
        "select customer_key, exit_type, is_post_mortem_complete, post_mortem_days, "
        "is_post_mortem_in_time, owner_user_id, has_had_severe_conflict, signals_before "
        "from marts.churned_accounts where came_back_date is null order by 1"
    ) == [
        ("GONE", "lost_to_competitor", True, 7, True, "U1", False, "at_risk|severe_conflict"),
        ("LATE", "closed_down", False, None, False, None, True, "at_risk|severe_conflict"),
    ]


def test_the_rule_is_backtested_over_twelve_months(built: Warehouse) -> None:
    """BACK and SLOW came back in time, TARDY did not; the losses of GONE and LATE are too young."""
    assert built.rows(
        "select backtested_churns_count, false_churn_ratio from marts.customer_lifecycle "
        "where basis = 'own' group by all"
    ) == [(3, Decimal("0.666667"))]
    answers = built.rows(
        "select customer_key, as_of_date, bought_within_12m_after from marts.customer_lifecycle "
        "where lifecycle_state = 'churned'"
    )
    told = {(customer, f"{day:%y%m}"): answer for customer, day, answer in answers}
    assert told["BACK", "2409"] == told["TARDY", "2506"] == "yes"
    assert told["SLOW", "2507"] == told["GONE", "2512"] == "not_yet_known"
    assert {row[2] for row in answers} == {"yes", "not_yet_known"}


def test_who_returned_has_been_lost(built: Warehouse) -> None:
    assert built.rows(
        "select customer_key, state_since_date, tenure_years, lifetime_revenue_amount "
        "from marts.customer_lifecycle where is_latest and has_returned_after_churn order by 1"
    ) == [
        ("BACK", date(2024, 12, 5), 2, 2700),
        ("SLOW", date(2026, 6, 4), 1, 700),
        ("TARDY", date(2026, 6, 5), 1, 700),
    ]
