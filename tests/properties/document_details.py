"""What only some sources say of documents and orders, laid over those that are there.

Each detail has a stream of its own, and is unknown in some companies.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.properties.trade import Row, cents


def add_document_details(seed: int, rows: dict[str, list[Row]]) -> None:
    """Say more of documents, orders and their lines."""
    _cash_sales(Random(f"cash sales of {seed}"), rows["erp_invoices"])
    _taxes(Random(f"taxes of {seed}"), rows["erp_order_lines"])
    _reasons(Random(f"reasons of {seed}"), rows["erp_invoices"])
    _freights(Random(f"freights of {seed}"), rows["erp_orders"])
    accounts = [r["account_id"] for r in rows["crm_accounts"]]
    _origins(Random(f"origins of {seed}"), rows["erp_products"], accounts)
    _durations(Random(f"durations of {seed}"), rows["crm_activities"])
    _voids(Random(f"voids of {seed}"), rows["erp_invoices"])


def _cash_sales(random: Random, invoices: list[Row]) -> None:
    share = random.choice([0.0, 0.0, 0.5, 1.0])
    for invoice in invoices:
        if random.random() < share:
            invoice["is_cash_sale"] = random.random() < 0.2


def _taxes(random: Random, lines: list[Row]) -> None:
    share = random.choice([0.0, 0.0, 0.9, 1.0])
    for line in lines:
        if random.random() < share:
            # Rarely less than without tax: that is not known.
            factor = Decimal(random.choice(["1.13", "1.13", "1.06", "1", "0.5"]))
            line["gross_amount"] = cents(line["net_amount"] * factor)


def _voids(random: Random, documents: list[Row]) -> None:
    """Void some documents late, on the days around their payment, or say when they were voided."""
    share = random.choice([0.0, 0.0, 0.1, 0.2])
    first = min((r for r in documents if r["status"] != "void"), key=lambda r: r["invoice_date"])
    for document in documents:
        is_void = document["status"] == "void"
        if share and document is not first and (is_void or random.random() < share):
            days = random.choice([0, 1, 10, 31, 60, 100, 200])
            document["voided_on"] = document["invoice_date"] + timedelta(days=days)
            # A day beside a document that stands says nothing.
            document["status"] = random.choice(["void", "void", "void", document["status"]])


def _reasons(random: Random, documents: list[Row]) -> None:
    share = random.choice([0.0, 0.7, 1.0])
    for document in documents:
        if random.random() < share:
            # That of an invoice says nothing.
            document["credit_reason"] = random.choice(
                ["return", "rebate", "rebate", "price_correction", "other"]
            )


def _freights(random: Random, orders: list[Row]) -> None:
    share = random.choice([0.0, 0.7, 1.0])
    for order in orders:
        if random.random() < share:
            order["freight_amount"] = Decimal(random.choice(["0", "12.34", "150"]))


def _origins(random: Random, products: list[Row], accounts: list[str]) -> None:
    share = random.choice([0.0, 0.6, 1.0])
    for product in products:
        if random.random() < share:
            product["origin_account_id"] = random.choice(accounts)


def _durations(random: Random, activities: list[Row]) -> None:
    share = random.choice([0.0, 0.5, 0.9, 1.0])
    for activity in activities:
        if random.random() < share:
            activity["duration_minutes"] = random.choice([0, 5, 20, 60, 480])
