"""Discounts, list prices of peers, cost to serve and poor accounts, through the real models."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import loaders
from tests.acceptance.loaders_profit import (
    CURRENT,
    DAY,
    PRIOR,
    RATES,
    discount_growth,
    sale,
    write_efforts,
    write_sales,
)
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse

Company = Callable[..., Warehouse]
LAST = "select * from marts.account_profitability where month_end = date '2026-06-30' "


def by_account(built: Warehouse) -> dict[str, dict[str, Any]]:
    return {r["account_id"]: r for r in built.records(LAST)}


def own_rules(folder: Path, **files: str) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return str(folder)


@pytest.mark.fixture("alert_events", "account_profitability")
def test_discount_growth(company: Company) -> None:
    built = company(discount_growth, "2026-08-15")
    compare(
        built.records(f"{LAST} order by account_id"),
        loaders.read("discount_growth", "expected_class"),
        {
            "account_id": "account_id", "net_sales_prior": "net_sales_prior_amount",
            "net_sales_current": "net_sales_current_amount", "net_growth": "net_growth_ratio",
            "discount_rate_prior": "prior_discount_ratio",
            "discount_rate_current": "current_discount_ratio",
            "discount_rate_change": "discount_change_ratio",
            "incremental_discount_rate": "incremental_discount_ratio",
            "growth_quality": "growth_quality",
        },
    )  # fmt: skip
    # Growth that was bought is told once, with what it cost: 10 instead of 5 in a hundred of 1300.
    found = built.records("select * from marts.alert_events where alert_type = 'bought_growth'")
    assert [(r["unit_id"], str(r["effective_date"])) for r in found] == [("g2", "2026-06-30")]
    payload = json.loads(found[0]["payload"], parse_float=Decimal)
    assert payload["extra_discount_amount"] == found[0]["at_stake_amount"] == Decimal("65.00")
    assert (found[0]["from_value"], found[0]["to_value"]) == (None, "bought_growth")


def peers(folder: Path) -> None:
    """A and B lack list prices; C, D and E paid 12, 11 and 50 for one P; E sells elsewhere."""
    sales = [sale(a, PRIOR, 90, listed=100) for a in "ABCDEFG"]
    sales += [
        sale("A", CURRENT, 20, quantity=2),
        # Nobody else bought T.
        sale("B", CURRENT, 30, product="T"),
        sale("C", date(2025, 5, 31), 12),
        sale("C", date(2025, 4, 30), 99),
        sale("C", date(2025, 8, 1), 99),
        sale("D", date(2025, 6, 1), 22, quantity=2),
        sale("E", CURRENT, 50),
        # F and G are peers of each other, and nobody is its own.
        sale("F", CURRENT, 30),
        sale("G", CURRENT, 20),
    ]
    channels = {**dict.fromkeys("ABCD", "direct"), "E": "dealer", "F": "agent", "G": "agent"}
    write_sales(folder, sales, channels)


def test_a_missing_list_price_is_the_highest_that_peers_paid(company: Company) -> None:
    found = by_account(company(peers, str(DAY)))
    a, b = found["A"], found["B"]
    # The quarter of a line is its month and the two before: 12, and not 99 of April and August.
    assert (a["list_sales_current_amount"], a["is_list_price_imputed"]) == (Decimal("24.00"), True)
    assert a["current_discount_ratio"] == Decimal("0.166667")
    assert a["growth_quality"] == "eroding"
    assert a["list_price_coverage_ratio"] == 0
    assert (b["list_sales_current_amount"], b["growth_quality"]) == (None, None)
    assert b["is_list_price_imputed"] is False
    assert [found[x]["list_sales_current_amount"] for x in "FG"] == [20, 30]


def served(folder: Path) -> None:
    """A earns 400 at first and 600 then, served dearly then; B earns much more; N bought nothing.

    Orders of A cost 10, 20, 30 and 40 to serve in the last four quarters, two orders each.
    """
    sales = [
        sale("A", PRIOR, 1000, listed=1000, cost=600),
        sale("A", CURRENT, 1200, listed=1200, cost=600),
        sale("A", CURRENT, 0, listed=0, cost=0, product="S"),
        sale("B", PRIOR, 500, listed=500, cost=400),
        sale("B", DAY, 90000, listed=90000, cost=0),
    ]
    write_sales(folder, sales, {"A": "direct", "B": "direct", "N": "direct"})
    efforts = [("visit", "A", PRIOR), ("visit", "N", CURRENT), ("return", "A", date(2026, 6, 1))]
    for quarter, day in enumerate(
        (date(2025, 8, 1), date(2025, 11, 1), date(2026, 2, 1), date(2026, 5, 1))
    ):
        efforts += [("order", "A", day), ("order", "A", day)]
        efforts += [("call", "A", day)] * (2 * quarter)
    write_efforts(folder, efforts)


RATED = RATES + "".join(
    f"2020-01-01,{kind},{amount}\n"
    for kind, amount in (("visit", 300), ("call", 10), ("case", 50), ("order", 10))
)


def test_profit_is_contribution_where_serving_has_rates(company: Company, tmp_path: Path) -> None:
    rules = own_rules(tmp_path / "rules", cost_to_serve_rates=RATED)
    built = company(served, str(DAY), rules_dir=rules)
    a = by_account(built)["A"]
    assert (a["gross_profit_amount"], a["cost_to_serve_amount"]) == (600, 200)
    assert (a["contribution_profit_amount"], a["orders_count"]) == (400, 8)
    assert a["contribution_margin_ratio"] == Decimal("0.333333")
    assert (a["cost_per_order_amount"], a["average_order_amount"]) == (25, 150)
    # Ten more from one quarter to the next, which is two orders further.
    assert a["cost_per_order_slope_amount"] == 5
    # Who was visited and bought nothing costs money.
    n = by_account(built)["N"]
    assert (n["contribution_profit_amount"], n["growth_quality"]) == (-300, None)
    tiers = {
        r["tier_unit_id"]: r
        for r in built.records(
            "select * from marts.account_tiers where month_end = date '2026-06-30'"
        )
    }
    assert {r["measure_used"] for r in tiers.values()} == {"contribution_profit"}
    assert {u: r["ttm_profit_amount"] for u, r in tiers.items()} == {"A": 400, "B": 90000,
                                                                    "N": -300}  # fmt: skip
    assert tiers["N"]["tier"] == "INACTIVE"
    profit = dict(built.rows("select account_id, ttm_profit_amount from marts.accounts"))
    assert profit == {"A": 400, "B": 90000, "N": -300}
    _cost_to_serve_is_a_driver_of_its_own(built)


def _cost_to_serve_is_a_driver_of_its_own(built: Warehouse) -> None:
    event = built.records(
        "select * from marts.tier_events where tier_unit_id = 'A' and event_type = 'watch' "
        "and effective_date = date '2026-06-30'"
    )[0]
    # 400 less a visit of 300 then, 600 less 200 now.
    assert (event["profit_prior_amount"], event["own_profit_change_amount"]) == (100, 300)
    drivers = dict(
        built.rows(
            "select driver, driver_amount from marts.tier_drop_drivers "
            f"where event_key = '{event['event_key']}' and driver_amount <> 0"
        )
    )
    assert drivers == {"list_price": 200, "cost_to_serve": 100}
    families = built.rows(
        "select sum(total_change_amount) from marts.tier_drop_products "
        f"where event_key = '{event['event_key']}'"
    )
    assert families == [(200,)]


def test_without_rates_for_the_window_profit_is_gross(company: Company, tmp_path: Path) -> None:
    late = RATED.replace("2020-01-01,call", "2025-07-02,call")
    rules = own_rules(tmp_path / "rules", cost_to_serve_rates=late)
    built = company(served, str(DAY), rules_dir=rules)
    found = by_account(built)
    assert found["A"]["cost_to_serve_amount"] is None
    assert found["A"]["contribution_profit_amount"] is None
    assert found["A"]["orders_count"] == 8
    assert "N" not in found
    measures = built.rows("select measure_used from marts.account_tiers group by 1")
    assert measures == [("gross_profit",)]


def poor(folder: Path) -> None:
    """Q and X place many small orders at odd times and a thin margin; X has two peers only."""
    sales, efforts = [], []
    for account in "QRSTXYZ":
        sales.append(sale(account, PRIOR, 100, listed=100, cost=50))
        days = [(2025, 8, 1), (2025, 11, 1), (2026, 2, 1), (2026, 5, 1)]
        if account in "QX":
            days = [(2025, 7, n) for n in range(2, 12)] + [(2026, 6, 1)]
        for day in days:
            net, cost = (10, 9) if account in "QX" else (1000, 500)
            sales.append(sale(account, date(*day), net, listed=net, cost=cost))
            efforts.append(("order", account, date(*day)))
    write_sales(folder, sales, {a: "direct" if a in "QRST" else "dealer" for a in "QRSTXYZ"})
    write_efforts(folder, efforts)


def test_a_poor_account_is_flagged_among_its_peers(company: Company) -> None:
    built = company(poor, str(DAY))
    flagged = built.rows("select account_id from marts.accounts where is_low_quality")
    assert flagged == [("Q",)]
    # Gaps of 366, 1 (nine times) and 325 days.
    q = by_account(built)["Q"]
    assert q["gap_variation_ratio"] == Decimal("2.092499")
    assert q["orders_count"] == 11
