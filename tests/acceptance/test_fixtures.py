"""The fixtures pass through the real dbt models (semantics, ruling 27)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.acceptance import loaders
from tests.conftest import Warehouse, build_company

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
        for r in built.records(
            f"select * from marts.tier_drop_drivers where event_key = '{key}' "
        )
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


@pytest.mark.parametrize("day", ["2026-03-31", "2026-04-11", "2026-04-30"])
def test_ar_aging(company: Company, day: str) -> None:
    built = company(loaders.ar_aging, day)
    items = [
        r for r in loaders.read("ar_aging", "expected_open_items") if r["as_of_date"] == day
    ]
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
