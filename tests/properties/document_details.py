"""What only some sources say of documents and orders, laid over those that are there.

Each detail has a stream of its own, and is unknown in some companies.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from tests.properties.trade import Row, cents


def add_document_details(seed: int, rows: dict[str, list[Row]]) -> None:
    """Say more of documents, orders and their lines."""
    _cash_sales(Random(f"cash sales of {seed}"), rows["erp_invoices"])
    _taxes(Random(f"taxes of {seed}"), rows["erp_order_lines"])


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
