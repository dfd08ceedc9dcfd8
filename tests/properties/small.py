"""Companies of a few rows, for what a random company does not meet or not every time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.properties.companies import ALL
from tests.properties.dated_rules import TIER_RULES
from tests.properties.harness import Inputs, Row


def at(day: str) -> datetime:
    """Return the start of a day, in UTC as it lands: without a zone."""
    return datetime.fromisoformat(day)


def account(name: str, **more: Any) -> Row:
    """Return a version of an account."""
    return {
        "account_id": name, "account_name": name, "is_internal": False, "_load": 1,
        "updated_at": None, "landed_as_of": at("2023-01-01"), "created_at": None, **more,
    }  # fmt: skip


def invoice(name: str, of: str, day: str, amount: str, **more: Any) -> Row:
    """Return an invoice; `product_id` goes to its line."""
    return {
        "invoice_id": name, "account_id": of, "document_type": "invoice",
        "invoice_date": date.fromisoformat(day), "gross_amount": Decimal(amount), **more,
    }  # fmt: skip


def company(day: str, accounts: list[Row], invoices: list[Row], **more: list[Row]) -> Inputs:
    """Return a company whose invoices have one line each."""
    rows = {name: more.get(name, []) for name in ALL}
    rows["crm_accounts"], rows["erp_invoices"] = accounts, invoices
    rows["erp_invoice_lines"] = [
        {"invoice_line_id": r["invoice_id"], "invoice_id": r["invoice_id"],
         "net_amount": r["gross_amount"], "product_id": r.get("product_id")}
        for r in invoices
    ] + more.get("erp_invoice_lines", [])  # fmt: skip
    return Inputs(rows, date.fromisoformat(day), {"tier_config": [TIER_RULES]})
