"""Random products, promises, free lines, returns and opportunities of orders that are there.

They come from a stream of their own, so that all else of a company stays as its seed made it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.properties.basics import add_months
from tests.properties.trade import Row, Trade


def add_order_details(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Fill what purchase types ask for."""
    random = Random(f"order details {seed}")
    for product in trade.products:
        product["product_category"] = random.choice([None, "goods", "parts"])
    days = {r["order_id"]: r["order_date"] for r in rows["erp_orders"]}
    for line in rows["erp_order_lines"]:
        line["product_id"] = random.choice([None, *(p["product_id"] for p in trade.products)])
        start = random.choice([line["delivered_date"], days[line["order_id"]]])
        later = timedelta(days=random.choice([-1, 0, 0, 5, 30]))
        line["promised_date"] = start + later if start and random.random() < 0.8 else None
    rows["crm_opportunities"] += _opportunities(random, trade, rows)
    for order in list(rows["erp_orders"]):
        if random.random() < 0.1:
            rows["erp_order_lines"].append(_line(random, trade, order["order_id"], "free", 0))
        if random.random() < 0.25:
            back = {**order, "order_id": f"{order['order_id']}-R", "currency_code": None,
                    "status": random.choice(["completed", "completed", "open"]),
                    "order_date": order["order_date"]
                    + timedelta(days=random.choice([-3, 0, 1, 20, 70]))}  # fmt: skip
            rows["erp_orders"].append(back)
            rows["erp_order_lines"].append(
                _line(random, trade, back["order_id"], "0", random.choice([-20, -700]))
            )


def _opportunities(random: Random, trade: Trade, rows: dict[str, list[Row]]) -> list[Row]:
    """Return opportunities that were opened on the day of an order, before it, or at its limit."""
    found = []
    for order in rows["erp_orders"]:
        if random.random() > 0.3:
            continue
        opened = random.choice(
            [
                order["order_date"] - timedelta(days=random.choice([0, 40, 300])),
                add_months(order["order_date"], random.choice([-3, -24])),
                add_months(order["order_date"], -24) - timedelta(days=1),
            ]
        )
        found.append(
            {"opportunity_id": f"OPP-{order['order_id']}", "account_id": order["account_id"],
             "opened_on": opened, "is_won": random.choice([None, False, True, True]),
             "closed_on": random.choice([None, order["order_date"], trade.end, trade.end
                                         + timedelta(days=1)])}
        )  # fmt: skip
    return found


def _line(random: Random, trade: Trade, order: str, name: str, net: int) -> Row:
    return {
        "order_line_id": f"{order}-{name}", "order_id": order, "net_amount": Decimal(net),
        "product_id": random.choice(trade.products)["product_id"], "quantity": Decimal(1),
        # What is below zero gives back, flagged or not.
        "is_return": random.choice([True, None]) if net else None,
        "delivered_date": None, "delivered_quantity": None, "promised_date": None,
    }  # fmt: skip
