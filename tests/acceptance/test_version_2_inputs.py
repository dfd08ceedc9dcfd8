"""What a source may say since version 2 of the contract, one story an account."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.acceptance.loaders import write
from tests.acceptance.loaders_control import Row, invoice
from tests.conftest import Warehouse, build_company

ACCOUNTS = ("voided", "cash", "taxed", "untaxed", "promised", "rebate")
DAY = date(2026, 6, 30)


def _documents() -> list[Row]:
    credit = {"document_type": "credit_note", "due_date": None}
    return [
        invoice("V1", "voided", date(2026, 4, 10), 100, status="void", voided_on=date(2026, 6, 15)),
        invoice("V2", "voided", date(2026, 4, 11), 70, status="void"),
        invoice("C1", "cash", date(2026, 6, 5), 200, is_cash_sale="true"),
        invoice("C2", "cash", date(2026, 6, 5), 300, is_cash_sale="false", due_date="2026-06-05"),
        invoice("C3", "cash", date(2026, 6, 5), 400, due_date="2026-06-05"),
        invoice("P1", "promised", date(2026, 5, 1), 500),
        invoice("D1", "rebate", date(2025, 7, 1), 1000),
        invoice("D2", "rebate", date(2026, 6, 1), 150),
        invoice("R1", "rebate", date(2026, 5, 10), -50, credit_reason="rebate", **credit),
        invoice("R2", "rebate", date(2026, 5, 11), -100, credit_reason="return", **credit),
    ]


def _write(folder: Path) -> None:
    write(folder, "crm_accounts", [{"account_id": a, "account_name": a} for a in ACCOUNTS])
    documents = _documents()
    write(folder, "erp_invoices", documents)
    products = {"D1": ("X", 10), "D2": ("Y", 1), "R1": ("X", -1), "R2": ("X", -1)}
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": f"{d['invoice_id']}-1", "invoice_id": d["invoice_id"],
             "net_amount": d["gross_amount"], "list_amount": d["gross_amount"],
             "product_id": products.get(str(d["invoice_id"]), ("Y", 1))[0],
             "quantity": products.get(str(d["invoice_id"]), ("Y", 1))[1]}
            for d in documents
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_products",
        [{"product_id": "X", "product_family": "f", "origin_account_id": "rebate"},
         {"product_id": "Y", "product_family": "f", "origin_account_id": None}],
    )  # fmt: skip
    paid = [("V1", "voided", "2026-05-10", 40), ("P1", "promised", "2026-06-05", 100),
            ("P1", "promised", "2026-06-18", 150)]  # fmt: skip
    write(
        folder,
        "erp_payments",
        [{"payment_id": f"Z{n}", "account_id": account, "received_date": day, "amount": amount}
         for n, (_, account, day, amount) in enumerate(paid)],
    )  # fmt: skip
    write(
        folder,
        "erp_payment_applications",
        [{"application_id": f"X{n}", "application_type": "payment", "source_document_id": f"Z{n}",
          "invoice_id": name, "applied_date": day, "amount": amount}
         for n, (name, _, day, amount) in enumerate(paid)],
    )  # fmt: skip
    write(
        folder,
        "erp_payment_promises",
        [{"promise_id": f"PP{n}", "invoice_id": "P1", "promised_date": day, "amount": amount}
         for n, (day, amount) in enumerate([("2026-06-10", 300), ("2026-06-20", 150),
                                            ("2026-07-10", 250)])],
    )  # fmt: skip
    write(
        folder,
        "erp_orders",
        [{"order_id": "O1", "account_id": "taxed", "order_date": "2026-06-10", "status": "open"},
         {"order_id": "O2", "account_id": "untaxed", "order_date": "2026-06-10", "status": "open"},
         {"order_id": "O3", "account_id": "rebate", "order_date": "2026-06-01",
          "status": "completed", "freight_amount": "12.50"},
         {"order_id": "O4", "account_id": "rebate", "order_date": "2026-06-02",
          "status": "completed"}],
    )  # fmt: skip
    write(
        folder,
        "erp_order_lines",
        [{"order_line_id": "L1", "order_id": "O1", "quantity": 1, "net_amount": 100,
          "gross_amount": 113},
         {"order_line_id": "L2", "order_id": "O2", "quantity": 1, "net_amount": 50}],
    )  # fmt: skip
    write(
        folder,
        "crm_activities",
        [{"activity_id": f"A{n}", "account_id": account, "activity_at": "2026-06-03T03:00:00",
          "channel": "meeting", "duration_minutes": minutes}
         for n, (account, minutes) in enumerate(
             [("rebate", 90), ("rebate", None), ("cash", 30), ("promised", None)])],
    )  # fmt: skip
    (folder / "crm_service_cases.csv").write_text("case_id,account_id,opened_at\n", "utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("version_2")
    _write(folder / "source")
    (folder / "rules").mkdir()
    rates = "valid_from,kind,amount\n1900-01-01,order,8.00\n"
    (folder / "rules" / "cost_to_serve_rates.csv").write_text(rates, "utf-8")
    return build_company(
        folder / "home", folder / "source", str(DAY), rules_dir=str(folder / "rules")
    )


def _shown(rows: list[tuple[object, ...]]) -> list[tuple[str, ...]]:
    return [tuple(str(value) for value in row) for row in rows]


def test_a_void_document_is_open_until_it_is_voided(built: Warehouse) -> None:
    """What was applied to it is unapplied from then on; one without a day never was there."""
    rows = built.rows(
        "select as_of_date, gross_open_amount, unapplied_cash_amount from marts.receivables_aging "
        "where account_id = 'voided' order by as_of_date"
    )
    assert _shown(rows) == [
        ("2026-04-30", "100.00", "0.00"),
        ("2026-05-31", "60.00", "0.00"),
        ("2026-06-30", "0.00", "40.00"),
    ]
    assert built.rows("select * from marts.account_profitability where account_id = 'voided'") == []
    status = (
        "select count(*) from marts.receivables_reconciliation where check_status = 'different'"
    )
    assert built.rows(status) == [(0,)]


def test_a_voided_sale_is_taken_back_from_credit_sales(built: Warehouse) -> None:
    rows = built.rows(
        "select as_of_date, credit_sales_amount from marts.collection_metrics "
        "where scope_type = 'account' and scope_id = 'voided' order by as_of_date"
    )
    assert _shown(rows) == [
        ("2026-04-30", "100.00"), ("2026-05-31", "0.00"), ("2026-06-30", "-100.00"),
    ]  # fmt: skip


def test_what_is_marked_as_sold_for_cash_is_no_credit_sale(built: Warehouse) -> None:
    rows = built.rows(
        "select credit_sales_amount from marts.collection_metrics where scope_type = 'account' "
        "and scope_id = 'cash' and is_latest"
    )
    assert _shown(rows) == [("300.00",)]


def test_an_order_with_tax_needs_no_estimate(built: Warehouse) -> None:
    rows = built.rows(
        "select account_id, open_orders_amount, is_tax_estimated from marts.credit_exposure "
        "where is_latest and account_id like '%taxed' order by account_id"
    )
    assert _shown(rows) == [("taxed", "113.00", "False"), ("untaxed", "50.00", "True")]


def test_a_promise_is_kept_by_what_came_since_the_one_before(built: Warehouse) -> None:
    rows = built.records("select * from marts.alert_events where alert_type = 'promise_broken'")
    assert [(r["unit_id"], str(r["effective_date"]), str(r["at_stake_amount"])) for r in rows] == [
        ("promised", "2026-06-11", "200.00")
    ]
    assert json.loads(rows[0]["payload"]) == {
        "account_name": "promised", "base_currency": built.settings.base_currency,
        "invoice_id": "P1", "invoices_count": 1, "left_open_amount": 400.0,
        "missing_amount": 200.0, "paid_amount": 100.0, "promised_amount": 300.0,
        "promised_date": "2026-06-10",
    }  # fmt: skip
    items = built.rows(
        "select open_amount, promised_date, is_promise_broken from marts.receivables_open_items "
        "where account_id = 'promised'"
    )
    assert _shown(items) == [("250.00", "2026-07-10", "True")]


def test_a_rebate_is_discount_and_a_return_is_none(built: Warehouse) -> None:
    rows = built.rows(
        "select list_sales_current_amount, net_sales_current_amount, current_discount_ratio, "
        "custom_revenue_ratio, freight_amount, freight_coverage_ratio, cost_to_serve_amount "
        "from marts.account_profitability where account_id = 'rebate'"
    )
    # 1000 + 150 less the return of 100; 50 of it was given back, and X was made for the account.
    assert _shown(rows) == [
        ("1050.00", "1000.00", "0.047619", "0.850000", "12.50", "0.500000", "28.50")
    ]


def test_hours_are_told_where_half_of_the_activities_say_them(built: Warehouse) -> None:
    rows = built.rows(
        "select tier_unit_id, activities_count, effort_hours, effort_hours_ratio, "
        "timed_activities_ratio from marts.effort_mismatch "
        "where activities_count > 0 order by tier_unit_id"
    )
    assert _shown(rows) == [
        ("cash", "1", "0.50", "0.250000", "1.000000"),
        ("promised", "1", "None", "None", "0.000000"),
        ("rebate", "2", "1.50", "0.750000", "0.500000"),
    ]
