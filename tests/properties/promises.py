"""Random promises to pay: on the days around payments, for all, a part or more than is owed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.properties.trade import Row, Trade, cents


def add_promises(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Promise invoices of some companies; a stream of its own."""
    random = Random(f"promises {seed}")
    share = random.choice([0.0, 0.1, 0.4])
    for invoice in rows["erp_invoices"]:
        if random.random() >= share:
            continue
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            days = random.choice([-5, 0, 9, 10, 12, 31, 45, 99, 103, 160])
            part = Decimal(random.choice(["1", "1", "0.5", "0.4", "2"]))
            rows["erp_payment_promises"].append(
                {"promise_id": f"PP{len(rows['erp_payment_promises'])}",
                 "invoice_id": invoice["invoice_id"],
                 "promised_date": invoice["invoice_date"] + timedelta(days=days),
                 "amount": max(cents(abs(invoice["gross_amount"]) * part), Decimal("0.01"))}
            )  # fmt: skip
