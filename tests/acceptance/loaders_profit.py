"""Write the fixture `discount_growth`, and small companies that are served, as contract files.

What the loader adds to the fixture: one invoice with one line per account and window, on the first
day of the prior window and in the current one; gross is net.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.acceptance.loaders import read, write

DAY = date(2026, 6, 30)
PRIOR, CURRENT = date(2024, 7, 1), date(2025, 7, 6)
RATES = "valid_from,kind,amount\n"


def discount_growth(folder: Path) -> None:
    """The accounts of the fixture `discount_growth`."""
    rows = read("discount_growth", "input_sales")
    sales = []
    for r in rows:
        for side, day in (("prior", PRIOR), ("current", CURRENT)):
            listed = Decimal(r[f"list_sales_{side}"])
            if listed:
                net = listed - Decimal(r[f"discount_{side}"])
                sales.append(sale(r["account_id"], day, net, listed=listed))
    write_sales(folder, sales, {r["account_id"]: "direct" for r in rows})


def sale(
    account: str, day: date, net: object, *, listed: object = None, cost: object = None,
    product: str = "P", quantity: object = 1,
) -> dict[str, object]:  # fmt: skip
    """Return one sale: an invoice with one line."""
    return {
        "account_id": account, "invoice_date": day, "net_amount": net, "list_amount": listed,
        "cogs_amount": cost, "product_id": product, "quantity": quantity,
    }  # fmt: skip


def write_sales(
    folder: Path, sales: Iterable[Mapping[str, object]], channels: Mapping[str, str]
) -> None:
    """Write accounts with their channels, products and sales."""
    sales = list(sales)
    write(
        folder,
        "crm_accounts",
        [{"account_id": a, "account_name": a, "channel": c} for a, c in channels.items()],
    )
    products = sorted({str(s["product_id"]) for s in sales})
    write(
        folder,
        "erp_products",
        [{"product_id": p, "product_family": p, "is_service": p == "S"} for p in products],
    )
    invoices = [
        {"invoice_id": f"I{n}", "account_id": s["account_id"], "document_type": "invoice",
         "invoice_date": s["invoice_date"], "gross_amount": s["net_amount"]}
        for n, s in enumerate(sales)
    ]  # fmt: skip
    write(folder, "erp_invoices", invoices)
    names = ("product_id", "quantity", "list_amount", "net_amount", "cogs_amount")
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": f"I{n}-1", "invoice_id": f"I{n}"} | {k: s[k] for k in names}
            for n, s in enumerate(sales)
        ],
    )


def write_efforts(folder: Path, efforts: Iterable[tuple[str, str, date]]) -> None:
    """Write visits, calls, cases, orders and returns: kind, account, day."""
    rows = list(enumerate(efforts))
    write(
        folder,
        "crm_activities",
        [{"activity_id": "mail", "account_id": rows[0][1][1], "channel": "email",
          "activity_at": f"{DAY}T03:00:00Z"}]
        + [
            {"activity_id": f"V{n}", "account_id": a, "channel": kind,
             "activity_at": f"{day}T03:00:00Z"}
            for n, (kind, a, day) in rows if kind in {"visit", "call"}
        ],
    )  # fmt: skip
    write(
        folder,
        "crm_service_cases",
        [{"case_id": "late", "account_id": rows[0][1][1], "opened_at": "2030-01-01T03:00:00Z"}]
        + [
            {"case_id": f"C{n}", "account_id": a, "opened_at": f"{day}T03:00:00Z"}
            for n, (kind, a, day) in rows if kind == "case"
        ],
    )  # fmt: skip
    orders = [(n, kind, a, day) for n, (kind, a, day) in rows if kind in {"order", "return"}]
    write(
        folder,
        "erp_orders",
        [{"order_id": f"O{n}", "account_id": a, "order_date": day, "status": "completed"}
         for n, _, a, day in orders]
        + [{"order_id": "never", "account_id": rows[0][1][1], "order_date": CURRENT,
            "status": "cancelled"}],
    )  # fmt: skip
    write(
        folder,
        "erp_order_lines",
        [{"order_line_id": f"O{n}-1", "order_id": f"O{n}", "quantity": 1, "net_amount": 1,
          "is_return": kind == "return"} for n, kind, _, _ in orders],
    )  # fmt: skip
