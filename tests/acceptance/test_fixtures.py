"""The fixtures pass through the real dbt models (semantics, ruling 27)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import loaders
from tests.acceptance.overlay import project_with
from tests.conftest import Warehouse

Row = dict[str, Any]
Company = Callable[..., Warehouse]


def as_text(value: Any, like: str) -> str:
    """Return a value of a mart the way the fixture writes it: rounded to its decimals."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        places = len(like.partition(".")[2])
        return str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    return str(value)


def compare(found: list[Row], expected: list[dict[str, str]], columns: dict[str, str]) -> None:
    """Compare rows in order; `columns` maps fixture column to mart column."""
    shown = [
        {f: as_text(row[m], want[f]) for f, m in columns.items()}
        for row, want in zip(found, expected, strict=False)
    ]
    assert shown == [{f: want[f] for f in columns} for want in expected]
    assert len(found) == len(expected)


@pytest.mark.fixture("account_tiers")
@pytest.mark.parametrize("scenario", ["S1", "S2", "S3", "S4"])
def test_tier_abc(company: Company, scenario: str) -> None:
    built = company(partial(loaders.tier_abc, scenario=scenario), "2026-06-30")
    expected = [r for r in loaders.read("tier_abc", "expected_tier") if r["scenario"] == scenario]
    found = built.records(
        "select * from marts.account_tiers where month_end = date '2026-06-30' "
        "order by profit_rank nulls last, tier_unit_id"
    )
    # In S4 nobody's profit is positive and the fixture lists the smaller loss first as well.
    expected.sort(key=lambda r: (int(r["profit_rank"] or 999), r["tier_unit_id"]))
    compare(
        found,
        expected,
        {
            "tier_unit_id": "tier_unit_id",
            "ttm_net_revenue": "ttm_net_revenue_amount",
            "ttm_profit": "ttm_profit_amount",
            "profit_share": "profit_share_ratio",
            "cum_share_before": "cum_share_before_ratio",
            "profit_rank": "profit_rank",
            "tenure_days": "tenure_days",
            "raw_tier": "raw_tier",
            "tier": "evaluated_tier",
            "is_loss_making": "is_loss_making",
            "is_one_off_bulk": "is_one_off_bulk",
        },
    )


@pytest.mark.fixture("tier_drop_drivers", "tier_drop_products", "tier_events")
def test_tier_drop_drivers(company: Company) -> None:
    built = company(loaders.tier_drop_drivers, "2026-06-30")
    key = built.rows(
        "select event_key from marts.tier_events where tier_unit_id = 'U' "
        "and event_type in ('drop', 'watch', 'lapsed') and effective_date = date '2026-06-30'"
    )[0][0]
    products = loaders.read("tier_drop_drivers", "expected_product_drivers")
    compare(
        built.records(
            f"select * from marts.tier_drop_products where event_key = '{key}' "
            "order by product_family"
        ),
        products,
        {
            "product_family": "product_family", "profit_prior": "profit_prior_amount",
            "profit_current": "profit_current_amount", "volume": "volume_amount",
            "list_price": "list_price_amount", "discount": "discount_amount",
            "unit_cost": "unit_cost_amount", "lost_product": "lost_product_amount",
            "new_product": "new_product_amount", "total_change": "total_change_amount",
        },
    )  # fmt: skip
    drivers = loaders.read("tier_drop_drivers", "expected_account_drivers")
    total = drivers.pop()
    found = {
        r["driver"]: r
        for r in built.records(f"select * from marts.tier_drop_drivers where event_key = '{key}' ")
    }
    assert found.pop("unexplained")["driver_amount"] == 0
    compare(
        [found[r["driver"]] for r in drivers],
        drivers,
        {"amount": "driver_amount", "rank_among_negative": "negative_rank"},
    )
    change = built.rows(
        f"select own_profit_change_amount from marts.tier_events where event_key = '{key}'"
    )
    assert as_text(change[0][0], total["amount"]) == total["amount"]


@pytest.mark.fixture("receivables_open_items", "receivables_aging")
@pytest.mark.parametrize("day", ["2026-03-31", "2026-04-11", "2026-04-30"])
def test_ar_aging(company: Company, day: str) -> None:
    built = company(loaders.ar_aging, day)
    items = [r for r in loaders.read("ar_aging", "expected_open_items") if r["as_of_date"] == day]
    compare(
        built.records("select * from marts.receivables_open_items order by invoice_id"),
        items,
        {
            "as_of_date": "as_of_date", "invoice_id": "invoice_id", "account_id": "account_id",
            "effective_due_date": "effective_due_date", "days_past_due": "past_due_days",
            "bucket": "bucket", "age_days": "age_days", "age_bucket": "age_bucket",
            "currency": "document_currency_code", "open_amount": "open_document_amount",
            "open_amount_base": "open_amount",
        },
    )  # fmt: skip
    found = built.records("select * from marts.receivables_aging where is_latest order by 4")
    aging = [r for r in loaders.read("ar_aging", "expected_aging") if r["as_of_date"] == day]
    compare(
        found,
        aging,
        {
            "as_of_date": "as_of_date", "account_id": "account_id", "current": "current_amount",
            "d1_30": "overdue_1_30_amount", "d31_60": "overdue_31_60_amount",
            "d61_90": "overdue_61_90_amount", "d90_plus": "overdue_90_plus_amount",
            "gross_open_ar": "gross_open_amount", "unapplied_cash": "unapplied_cash_amount",
            "unapplied_credit": "unapplied_credit_amount", "net_ar": "net_receivables_amount",
            "net_ar_booked": "net_receivables_booked_amount",
            "unrealised_fx": "unrealised_fx_amount", "overdue_ar": "overdue_amount",
        },
    )  # fmt: skip
    by_age = [
        r
        for r in loaders.read("ar_aging", "expected_aging_by_invoice_date")
        if r["as_of_date"] == day
    ]
    compare(
        found,
        by_age,
        {
            "age_0_30": "age_0_30_amount", "age_31_60": "age_31_60_amount",
            "age_61_90": "age_61_90_amount", "age_90_plus": "age_90_plus_amount",
            "gross_open_ar": "gross_open_amount",
        },
    )  # fmt: skip


@pytest.mark.fixture("revenue_movements", "retention_summary")
def test_movements(company: Company) -> None:
    built = company(loaders.movements, "2026-06-30")
    where = (
        "where month_end = date '2026-06-30' and comparison = 'year_over_year' "
        "and measure = 'revenue'"
    )
    compare(
        built.records(f"select * from marts.revenue_movements {where} order by customer_key"),
        loaders.read("movements", "expected_movements"),
        {
            "customer_key": "customer_key", "opening_revenue": "opening_amount",
            "closing_revenue": "closing_amount", "movement": "movement",
            "amount": "movement_amount",
        },
    )  # fmt: skip
    summary = built.records(
        f"select * from marts.retention_summary {where} and scope_type = 'company'"
    )[0]
    columns = {
        **{m: f"{m}_amount" for m in (
            "opening", "new", "won_back", "expansion", "contraction", "churn", "closing")},
        "credit_only_balance": "credit_only_amount",
        "closing_ledger_revenue": "closing_ledger_amount",
        "nrr": "nrr", "grr": "grr", "expansion_rate": "expansion_ratio",
        "logo_retention": "logo_retention_ratio", "quick_ratio": "quick_ratio",
        "leak_ratio": "leak_ratio",
    }  # fmt: skip
    expected = {r["metric"]: r["value"] for r in loaders.read("movements", "expected_bridge")}
    assert {m: as_text(summary[c], expected[m]) for m, c in columns.items()} == expected


@pytest.mark.fixture("cohort_retention")
def test_cohort(company: Company) -> None:
    built = company(loaders.cohort, "2026-04-30")
    # Legacy marks are ignored when cohorts are compared (ruling 27).
    found = built.records(
        """
        select cohort_month, month_index, sum(cohort_size_count) as size,
            sum(active_customers_count) as active, sum(revenue_amount) as revenue,
            sum(cumulative_revenue_amount) as cumulative,
            cast(sum(active_customers_count) as decimal(18,6)) / sum(cohort_size_count) as ratio
        from marts.cohort_retention group by all order by all
        """
    )
    for row in found:
        row["ratio"] = Decimal(row["active"]) / Decimal(row["size"])
    compare(
        found,
        loaders.read("cohort", "expected_cohort"),
        {
            "cohort_month": "cohort_month", "month_index": "month_index", "cohort_size": "size",
            "active_customers": "active", "retention": "ratio", "revenue": "revenue",
            "cumulative_revenue": "cumulative",
        },
    )  # fmt: skip


MONTHS = """
create temp table months as
select *, try_cast(cum_share_before as decimal(8,6)) as c
from read_csv(?, types = {'cum_share_before': 'varchar', 'eval_date': 'date'})
"""
SHARES = """
select
    cast(eval_date as date) as month_end,
    cast(year(eval_date) * 12 + month(eval_date) as bigint) as month_number,
    date '1900-01-01' as epoch_date, tier_unit_id, 'unknown' as channel,
    case rating_status when 'INACTIVE' then 0 else 1 end as lines_count,
    cast(100 as decimal(18,2)) as net_amount, cast(100 as decimal(18,2)) as profit_amount,
    cast(100 as decimal(18,2)) as absolute_net_amount,
    cast(100 as decimal(18,2)) as absolute_costed_net_amount,
    'gross_profit' as measure_used, cast(400 as bigint) as tenure_days, 6 as purchase_months_count,
    false as is_purchase_leaving, 1 as profit_rank, 8 as units_count,
    cast(coalesce(c, 0) * 1000000 as decimal(24,2)) as before_amount,
    cast(1000000 as decimal(24,2)) as positive_total_amount,
    cast(coalesce(c, 0) * 1000000 + 100 as decimal(24,2)) as through_amount,
    rating_status, rating_status as old_rating_status,
    date '1900-01-01' as tier_config_valid_from, 2 as down_month_ends, 2 as old_down_month_ends,
    cast(0.2 as decimal(6,4)) as count_share_a, cast(0.9 as decimal(6,4)) as count_share_b,
    case when c < 0.80 then 'A' when c < 0.95 then 'B' else 'C' end as raw_tier,
    'C' as channel_raw_tier,
    not c < 0.83 as is_down_from_a, c < 0.77 as is_up_to_a,
    not c < 0.98 as is_down_from_b, c < 0.92 as is_up_to_b,
    null::varchar as old_raw_tier,
    null::boolean as old_is_down_from_a, null::boolean as old_is_up_to_a,
    null::boolean as old_is_down_from_b, null::boolean as old_is_up_to_b,
    false as is_config_new
from months
"""


@pytest.mark.fixture("account_tiers", "account_tier_history", "tier_events")
def test_tier_hysteresis(company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture states raw tiers and shares: they are laid over the model that holds them."""
    file = loaders.FIXTURES / "tier_hysteresis" / "input_monthly.csv"
    project = project_with(tmp_path / "dbt", MONTHS, file, {"int_tiers__shares": SHARES})
    monkeypatch.setattr(import_module("keyaccounts.warehouse.build"), "DBT_PROJECT", project)
    built = company(loaders.tier_hysteresis, "2026-06-30")
    compare(
        built.records("select * from marts.account_tiers order by tier_unit_id, month_end"),
        loaders.read("tier_hysteresis", "expected_monthly"),
        {
            "tier_unit_id": "tier_unit_id", "eval_date": "month_end",
            "raw_tier": "evaluated_tier", "tier": "tier", "down_streak": "down_streak_count",
            "is_at_risk": "is_at_risk",
        },
    )  # fmt: skip
    compare(
        built.records("select * from marts.account_tier_history order by tier_unit_id, valid_from"),
        loaders.read("tier_hysteresis", "expected_history"),
        {c: c for c in ("tier_unit_id", "tier", "valid_from", "valid_to", "is_current")},
    )
    compare(
        built.records("select * from marts.tier_events order by effective_date, tier_unit_id"),
        loaders.read("tier_hysteresis", "expected_events"),
        {
            "eval_date": "effective_date", "tier_unit_id": "tier_unit_id",
            "event_type": "event_type", "from_tier": "from_tier", "to_tier": "to_tier",
            "levels_dropped": "levels_dropped_count", "severity": "base_severity",
        },
    )  # fmt: skip
