"""Write the fixture of concentration as contract files.

What the loader adds to what the fixture states: each account of a scope is an account of its own;
its value is one invoice line (a credit note where it is negative) in the last month, of a product
family, a channel and an account manager that are named as the scope; an invoice of 0.00 a year
before opens the books, so that the last month ends the first twelve.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.acceptance.loaders import read, write


def concentration(folder: Path, only: str = "") -> None:
    """All scopes of the fixture side by side, or one of them as a company."""
    rows = [r for r in read("concentration", "input_values") if only in {"", r["scope"]}]
    names = [f"{r['scope']}-{r['account_id']}" for r in rows]
    scopes = sorted({r["scope"] for r in rows})
    opener = {"account_id": "OPENER", "account_name": "OPENER"}
    write(
        folder,
        "crm_accounts",
        [opener]
        + [{"account_id": name, "account_name": name, "channel": r["scope"],
            "owner_user_id": r["scope"]} for name, r in zip(names, rows, strict=True)],
    )  # fmt: skip
    write(folder, "crm_users", [{"user_id": scope, "user_name": scope} for scope in scopes])
    write(
        folder,
        "erp_products",
        [{"product_id": scope, "product_family": scope} for scope in scopes],
    )
    documents = [
        {"invoice_id": name, "account_id": name, "product_id": r["scope"],
         "amount": Decimal(r["net_revenue"]), "day": "2026-06-30"}
        for name, r in zip(names, rows, strict=True)
    ]  # fmt: skip
    documents.append(
        {"invoice_id": "OPENER", "account_id": "OPENER", "product_id": None, "amount": Decimal(0),
         "day": "2025-06-30"}
    )  # fmt: skip
    write(
        folder,
        "erp_invoices",
        [
            {"invoice_id": d["invoice_id"], "account_id": d["account_id"],
             "document_type": "credit_note" if d["amount"] < 0 else "invoice",
             "invoice_date": d["day"], "gross_amount": d["amount"]}
            for d in documents
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": d["invoice_id"], "invoice_id": d["invoice_id"],
             "product_id": d["product_id"], "net_amount": d["amount"]}
            for d in documents
        ],
    )  # fmt: skip
