"""Write the fixture of purchase types as contract files, and a small company beside it.

What the loader adds to what the fixture states:

* purchase_type: an invoice of the same amount per order on its date, void for a cancelled one; a
  quantity of 1 per line; a product per family.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from tests.acceptance.loaders import read, write

Row = dict[str, object]


def company(folder: Path, orders: list[Row], lines: list[Row], invoices: list[Row]) -> None:
    """Write orders with their lines; `invoices` have a line of their gross amount."""
    accounts = sorted({str(r["account_id"]) for r in orders})
    write(folder, "crm_accounts", [{"account_id": a, "account_name": a} for a in accounts])
    families = sorted({str(r["product_id"]) for r in lines if r.get("product_id")})
    write(
        folder,
        "erp_products",
        [{"product_id": f, "product_family": f, "product_category": "goods"} for f in families],
    )
    write(folder, "erp_orders", orders)
    write(
        folder,
        "erp_order_lines",
        [{"order_line_id": f"{r['order_id']}-{n}", "quantity": 1, **r}
         for n, r in enumerate(lines, 1)],
    )  # fmt: skip
    write(folder, "erp_invoices", invoices)
    write(
        folder,
        "erp_invoice_lines",
        [{"invoice_line_id": f"{r['invoice_id']}-1", "invoice_id": r["invoice_id"],
          "net_amount": r["gross_amount"]} for r in invoices],
    )  # fmt: skip


def invoice_of(order: Row, net: object, **more: object) -> Row:
    """Return the invoice of an order on its date, or what `more` makes of it."""
    return {
        "invoice_id": f"I-{order['order_id']}", "account_id": order["account_id"],
        "order_id": order["order_id"], "document_type": "invoice",
        "invoice_date": order["order_date"], "gross_amount": net,
        "status": "void" if order["status"] == "cancelled" else "posted", **more,
    }  # fmt: skip


def purchase_type(folder: Path) -> None:
    """The orders of the fixture `purchase_type`."""
    given = read("purchase_type", "input_order_lines")
    orders: dict[str, Row] = {}
    nets: dict[str, Decimal] = defaultdict(Decimal)
    for r in given:
        orders[r["order_id"]] = {
            c: r[c] for c in ("order_id", "account_id", "order_date", "status")
        }
        nets[r["order_id"]] += Decimal(r["net_amount"])
    company(
        folder,
        list(orders.values()),
        [{"order_id": r["order_id"], "product_id": r["product_family"],
          "net_amount": r["net_amount"]} for r in given],
        [invoice_of(order, nets[key]) for key, order in orders.items()],
    )  # fmt: skip
