"""The fixture `purchase_type`, and a small company whose buyer checks price and service again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.acceptance import loaders, loaders_purchases
from tests.acceptance.loaders_purchases import Row, invoice_of
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse

Company = Callable[..., Warehouse]


@pytest.mark.fixture("purchase_types")
def test_purchase_type(company: Company) -> None:
    built = company(loaders_purchases.purchase_type, "2027-03-31")
    expected = loaders.read("purchase_type", "expected_lines")
    compare(
        built.records(
            "select * from marts.purchase_types "
            "order by account_id, order_date, cast(substr(order_id, 2) as int), product_family"
        ),
        expected,
        {
            "account_id": "account_id", "order_id": "order_id", "order_date": "order_date",
            "product_family": "product_family", "net_amount": "net_amount",
            "purchase_type": "purchase_type",
            "days_since_previous_purchase": "since_previous_purchase_days",
            "is_won_back": "is_won_back",
        },
    )  # fmt: skip
    assert built.rows("select count(*) from marts.purchase_types where customer_key <> account_id")[
        0
    ] == (0,)


@pytest.mark.fixture("customer_orders")
def test_purchase_type_of_orders(company: Company) -> None:
    built = company(loaders_purchases.purchase_type, "2027-03-31")
    compare(
        built.records(
            "select * from marts.customer_orders "
            "order by account_id, order_date, cast(substr(order_id, 2) as int)"
        ),
        loaders.read("purchase_type", "expected_orders"),
        {c: c for c in ("account_id", "order_id", "order_date", "purchase_type", "is_mixed",
                        "net_amount")},
    )  # fmt: skip


def _write(folder: Path) -> None:
    """C buys pumps three times, gives back, is let down; D is reversed in full; E gets a sample."""
    days = [date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)]
    orders: list[Row] = [
        {"order_id": f"C{n}", "account_id": "C", "order_date": day, "status": "completed"}
        for n, day in enumerate(days, 1)
    ]
    orders += [
        {"order_id": o, "account_id": o[0], "order_date": day, "status": "completed"}
        for o, day in (("CR", date(2026, 2, 20)), ("D1", days[0]), ("D2", days[1]), ("E1", days[0]),
                       ("E2", days[2]))
    ]  # fmt: skip
    on_time, late = {"promised_date": days[0], "delivered_date": days[0]}, {
        "promised_date": days[1], "delivered_date": days[2]}  # fmt: skip
    short = {"promised_date": days[1], "delivered_date": days[1], "delivered_quantity": 3}
    lines: list[Row] = [
        {"order_id": "C1", "product_id": "pumps", "quantity": 10, "net_amount": 100, **on_time},
        {"order_id": "C2", "product_id": "pumps", "quantity": 4, "net_amount": 44, **late},
        {"order_id": "C2", "product_id": "pumps", "quantity": 4, "net_amount": 46, **short},
        {"order_id": "CR", "product_id": "pumps", "quantity": -1, "net_amount": -9,
         "is_return": "true"},
        {"order_id": "C3", "product_id": "pumps", "quantity": 2, "net_amount": 20,
         "promised_date": date(2026, 12, 31)},
        {"order_id": "D1", "product_id": "pumps", "net_amount": 50},
        {"order_id": "D2", "product_id": "valves", "net_amount": 60},
        {"order_id": "E1", "product_id": "pumps", "net_amount": 0},
        {"order_id": "E2", "net_amount": 7},
    ]  # fmt: skip
    by_id = {str(o["order_id"]): o for o in orders}
    invoices = [invoice_of(by_id[o], net) for o, net in (("C1", 100), ("D1", 50), ("D2", 60))]
    back = {"invoice_id": "CN-D1", "document_type": "credit_note", "invoice_date": days[2]}
    invoices.append(invoice_of(by_id["D1"], -50, **back))
    loaders_purchases.company(folder, orders, lines, invoices)
    # The second one of C is won, its third one lost; the first contact with D was a talk.
    loaders.write(
        folder,
        "crm_opportunities",
        [{"opportunity_id": name, "account_id": "C", "opened_on": opened, "is_won": is_won,
          "closed_on": "2026-04-01"}
         for name, opened, is_won in (("P1", "2026-01-05", "true"), ("P2", "2026-02-28", "true"),
                                      ("P3", "2026-03-09", "false"), ("P4", "2026-03-11", "true"))],
    )  # fmt: skip
    loaders.write(
        folder,
        "crm_activities",
        [{"activity_id": a, "account_id": a, "activity_at": "2026-02-01T03:00:00"} for a in "CD"],
    )


@pytest.mark.fixture("purchase_types", "customer_orders")
def test_a_repeat_is_compared_with_the_purchase_before(company: Company) -> None:
    built = company(_write, "2026-06-30")
    found = built.rows(
        "select order_id, product_family, purchase_type, since_previous_purchase_days, "
        "unit_price_change_ratio, return_change_ratio, otif_change_ratio "
        "from marts.purchase_types order by order_line_id"
    )
    none = (None, None, None)
    # 90 / 8 a piece after 100 / 10; 9 of 90 came back; one line late, one short. Then 20 / 2, all
    # kept, not due yet. The reversed order and the sample are no purchases.
    second = (Decimal("0.125"), Decimal("0.1"), Decimal(-1))
    assert found == [
        ("C1", "pumps", "first", None, *none),
        ("C2", "pumps", "repeat", 31, *second),
        ("C2", "pumps", "repeat", 31, *second),
        ("C3", "pumps", "repeat", 28, Decimal("-0.111111"), Decimal("-0.1"), None),
        ("D2", "valves", "first", None, *none),
        ("E2", "unknown", "first", None, *none),
    ]
    assert built.rows(
        "select order_id, cycle_days, cycle_basis, order_to_delivery_days, is_delivered, tier "
        "from marts.customer_orders order by order_id"
    ) == [
        ("C1", 5, "opportunity", 0, True, None),
        ("C2", 36, "opportunity", 28, True, None),
        ("C3", 10, "opportunity", None, False, None),
        ("D2", 9, "first_contact", None, False, None),
        ("E2", None, "unknown", None, False, None),
    ]


@pytest.mark.fixture("purchase_types")
def test_categories_and_a_shorter_gap_by_rule(company: Company, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "purchase_rules.csv").write_text(
        "valid_from,product_level,won_back_gap_days,opportunity_months\n"
        "1900-01-01,family,365,24\n2026-03-01,category,27,24\n",
        encoding="utf-8",
    )
    built = company(loaders_purchases.purchase_type, "2026-04-30", rules_dir=str(rules))
    # One category: nothing is a cross-sell. A gap is judged by the rule of the later day.
    assert built.rows(
        "select order_id, product_family, purchase_type, is_won_back from marts.purchase_types "
        "where account_id = 'A1' order by order_line_id"
    ) == [
        ("O1", "goods", "first", False),
        ("O2", "goods", "repeat", False),
        ("O3", "goods", "repeat", True),
        ("O3", "goods", "repeat", True),
        ("O4", "goods", "repeat", True),
        ("O5", "goods", "repeat", True),
    ]
