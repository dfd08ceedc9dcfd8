"""The fixture `clv`, and small companies for transitions, curves and provisional tiers.

The fixture states margin, churn and discount rate of a unit; they are laid over the models that
hold them (ruling 27), and the mart computes the rest. A case is a unit in a month-end of its own,
so that each has its own dated discount rate; the prior is empty and a churn of c means 100 c of 100
units.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest

from keyaccounts import nightly
from tests.acceptance import loaders
from tests.acceptance.overlay import project_with
from tests.acceptance.test_edge_companies import monthly, write_company
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse, build_company, run_at, settings_for, silent

Company = Callable[..., Warehouse]

CASES = """
create temp table cases as
select *, date '2020-01-31' + to_months(cast(number as integer)) as month_end
from (select *, row_number() over () as number from read_csv(?, all_varchar = true))
"""
OVERRIDES = {
    "value_config": """
        select
            cast(date_trunc('month', month_end) as date) as valid_from, discount_rate,
            0.05 as churn_floor, 0 as prior_churned, 0 as prior_retained, 0.2 as rank_gap
        from cases
    """,
    "int_value__annual_profits": """
        select
            cast(last_day(month_end) as date) as month_end, case_id as tier_unit_id, 'A' as tier,
            'direct' as channel, cast(annual_margin as decimal(18,2)) as annual_profit_amount,
            cast(annual_margin as decimal(18,2)) as current_year_profit_amount,
            false as is_short_history
        from cases
    """,
    "int_value__churn": """
        select
            cast(last_day(month_end) as date) as month_end, 'A' as tier, 'direct' as channel,
            100 as opening_units_count,
            cast(cast(annual_churn as decimal(6,4)) * 100 as bigint) as churned_units_count
        from cases
    """,
}


@pytest.mark.fixture("account_value")
def test_clv(company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = loaders.FIXTURES / "clv" / "input_cases.csv"
    project = project_with(tmp_path / "dbt", CASES, file, OVERRIDES)
    monkeypatch.setattr(import_module("keyaccounts.warehouse.build"), "DBT_PROJECT", project)
    built = company(
        lambda folder: write_company(folder, monthly("A", "100.00", date(2026, 1, 1), 6)),
        "2026-06-30",
    )
    compare(
        built.records("select * from marts.account_value order by month_end"),
        loaders.read("clv", "expected_clv"),
        {
            "case_id": "tier_unit_id", "churn_used": "churn_used_ratio",
            "expected_lifetime_years": "expected_lifetime_years",
            "ltv_simple": "ltv_simple_amount",
            "clv_incl_current_year": "clv_incl_current_year_amount",
            "clv_future": "clv_future_amount",
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def months_in_b(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """B1 to B4 turn from C to B beside W; three of them rise, one after the other."""
    folder = tmp_path_factory.mktemp("months_in_b")
    rows = monthly("W", "1000.00", date(2024, 1, 1), 36)
    for number in range(1, 5):
        rows += monthly(f"B{number}", "10.00", date(2024, 1, 1), 36)
        first = date(2025, 3, 1)
        rows += [(f"X{i}", a, d, "30.00") for i, a, d, _ in monthly(f"B{number}", "", first, 22)]
        if number < 4:
            first = date(2025, 6 + 2 * number, 1)
            more = monthly(f"B{number}", "", first, 12)
            rows += [(f"Y{i}", a, d, "300.00") for i, a, d, _ in more]
    write_company(folder / "source", rows)
    return build_company(folder / "home", folder / "source", "2026-12-31")


def test_the_median_time_to_a_rise_counts_those_who_still_wait(months_in_b: Warehouse) -> None:
    """Recomputed by hand from the history: a spell in B ends in A, elsewhere, or not yet."""
    spells = months_in_b.rows(
        "select tier_unit_id, months_count, lead(tier) over by_unit = 'A' "
        "from marts.account_tier_history as history "
        "window by_unit as (partition by tier_unit_id order by valid_from) "
        "qualify tier = 'B' and valid_from > (select min(month_end) from marts.account_tiers)"
    )
    assert len(spells) >= 4
    assert any(risen for _, _, risen in spells)
    share, median = Decimal(1), None
    for months in range(1, 40):
        # Whoever is still there was asked once less than it has months.
        waiting = [s for s in spells if (s[1] if s[2] is not None else s[1] - 1) >= months]
        risen = sum(bool(s[2]) and s[1] == months for s in waiting)
        share *= 1 - Decimal(risen) / len(waiting) if waiting else Decimal(1)
        if share <= Decimal("0.5") and median is None:
            median = months
    assert median is not None
    assert months_in_b.rows(
        "select median_months_to_rise from marts.tier_transitions "
        "where month_end = date '2026-12-31' and from_tier = 'B' and to_tier = 'A'"
    ) == [(median,)]


def test_a_curve_of_owners_takes_the_owner_on_the_invoice_date(tmp_path: Path) -> None:
    source, home = tmp_path / "source", tmp_path / "home"
    # P passes to U2 on a day with an invoice; the one of the eve is in the same month.
    start, eve = date(2025, 1, 1), ("EVE", "P", date(2026, 5, 4), "7.00")
    write_company(
        source, [*monthly("P", "100.00", start, 18), *monthly("Q", "10.00", start, 18), eve]
    )
    account = {"account_name": "P", "channel": "direct", "account_id": "P"}
    other = {"account_name": "Q", "channel": "direct", "account_id": "Q", "owner_user_id": "U1"}
    for owner, day in (("U1", "2025-01-01T00:00:00"), ("U2", "2026-05-05T00:00:00")):
        loaders.write(
            source, "crm_accounts",
            [{**account, "owner_user_id": owner, "updated_at": day},
             {**other, "updated_at": "2025-01-01T00:00:00"}],
        )  # fmt: skip
        if owner == "U1":
            nightly.extract(
                settings_for(home, source), run_at("2026-05-01"), "crm_accounts", silent
            )
    built = build_company(home, source, "2026-06-30")
    # July to April and the eve are U1's, May and June are U2's; Q is U1's.
    assert built.rows(
        "select entities_count, cum_value_ratio * total_value from marts.pareto "
        "where month_end = date '2026-06-30' and entity_type = 'owner' and measure = 'net_revenue' "
        "and entity_percent in (50, 100) order by entity_percent"
    ) == [(1, pytest.approx(Decimal("1127.00"), abs=Decimal("0.01"))),
          (2, pytest.approx(Decimal("1327.00"), abs=Decimal("0.01")))]  # fmt: skip


def test_provisional_tiers_inside_a_month(company: Company) -> None:
    """The window ends on the day; the next month-end takes the same month of last year again."""
    day = date(2026, 6, 10)
    base = [
        *monthly("P", "100.00", date(2024, 1, 1), 29),
        *monthly("Q", "20.00", date(2024, 1, 1), 29),
    ]
    rows = [
        *base,
        ("Q-LATE", "Q", day, "900.00"),
        ("Q-AHEAD", "Q", day + timedelta(days=1), "1.00"),
    ]
    built = company(lambda folder: write_company(folder, rows), str(day))
    found = {r["tier_unit_id"]: r for r in built.records("select * from marts.provisional_tiers")}
    # (2025-06-10, 2026-06-10]: July to May, and what came on the day.
    assert found["P"]["ttm_profit_amount"] == 1100
    assert found["Q"]["ttm_profit_amount"] == 11 * 20 + 900
    assert [found[u]["provisional_tier"] for u in "PQ"] == ["A", "A"]
    assert [found[u]["official_tier"] for u in "PQ"] == ["A", "B"]
    assert {str(r["predicted_for_month_end"]) for r in found.values()} == {"2026-06-30"}
    # From the last month-end on: the twelve months to May, June expected as June was.
    assert [found[u]["predicted_profit_amount"] for u in "PQ"] == [1200, 240]
    assert [found[u]["predicted_tier"] for u in "PQ"] == ["A", "B"]
