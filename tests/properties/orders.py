"""Random order lines, payers, methods and credit limits, laid over a company that is there.

They come from a stream of their own, so that all else of a company stays as its seed made it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.properties.trade import Row, cents


def add_orders(seed: int, rows: dict[str, list[Row]], end: date) -> None:
    """Fill what control of receivables and credit asks for."""
    random = Random(f"orders {seed}")
    accounts = sorted({r["account_id"] for r in rows["crm_accounts"]})
    for r in rows["crm_accounts"]:
        if random.random() < 0.8:
            r["credit_limit_amount"] = Decimal(random.choice([0, 500, 2000, 20000, 100000]))
    are_payers_named, are_methods_named = random.random() < 0.8, random.random() < 0.8
    for r in rows["erp_payments"]:
        other = random.choice(accounts) if random.random() < 0.3 else r["account_id"]
        r["payer_account_id"] = random.choice([None, other, other]) if are_payers_named else None
        methods = ["transfer", "transfer", " CASH", None] if are_methods_named else [None]
        r["method"] = random.choice(methods)
    billed = {r["order_id"]: r for r in rows["erp_invoices"] if r["order_id"]}
    for r in rows["erp_orders"]:
        invoice = billed.get(r["order_id"])
        r["currency_code"] = random.choice([None, invoice["currency_code"] if invoice else None])
        amount = abs(invoice["gross_amount"]) if invoice else Decimal(100)
        for place in range(random.choice([1, 1, 2, 3])):
            rows["erp_order_lines"].append(_line(random, r, place, amount))


def _line(random: Random, order: Row, place: int, amount: Decimal) -> Row:
    share = Decimal(random.choice(["0.3", "0.8", "1", "1.3"]))
    is_return = random.random() < 0.1
    quantity = Decimal(random.choice([0, 1, 3, 8]))
    delivered = order["order_date"] + timedelta(days=random.choice([-2, 0, 3, 20, 45, 200]))
    return {
        "order_line_id": f"{order['order_id']}-{place}", "order_id": order["order_id"],
        "quantity": quantity, "net_amount": cents(amount * share) * (-1 if is_return else 1),
        "is_return": random.choice([True]) if is_return else random.choice([None, False]),
        "delivered_date": random.choice([None, delivered, delivered]),
        "delivered_quantity": random.choice([None, quantity, quantity / 2, Decimal(0), Decimal(9)]),
    }  # fmt: skip
