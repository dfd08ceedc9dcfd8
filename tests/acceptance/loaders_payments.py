"""Write the fixture `payment_trap` and small ledgers as contract files (semantics, ruling 27).

What the loader adds to what the fixture states: one line of the gross amount per invoice, with the
cost that leaves the account's margin; a receipt of the same day and amount for each application.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from tests.acceptance.loaders import read, write

Row = Mapping[str, object]


def payment_trap(folder: Path) -> None:
    """The company of the fixture `payment_trap`."""
    accounts = read("payment_trap", "input_accounts")
    ledger(
        folder,
        [
            {
                "account_id": r["account_id"], "channel": r["channel"],
                "terms": r["terms_days"], "margin": r["contribution_margin_rate"],
            }
            for r in accounts
        ],
        read("payment_trap", "input_invoices"),
        read("payment_trap", "input_applications"),
    )  # fmt: skip


def ledger(
    folder: Path, accounts: Iterable[Row], invoices: Iterable[Row], applications: Iterable[Row]
) -> None:
    """Write accounts, invoices with one line each, and what was paid on them.

    Accounts have account_id, channel, terms and margin; invoices invoice_id, account_id,
    invoice_date, due_date and amount; applications invoice_id, applied_date and amount, and
    payment_id where several belong to one payment.
    """
    accounts, invoices, applications = list(accounts), list(invoices), list(applications)
    write(
        folder,
        "crm_accounts",
        [
            {"account_id": r["account_id"], "account_name": f"Company {r['account_id']}",
             "channel": r["channel"], "payment_terms_days": r["terms"]}
            for r in accounts
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_invoices",
        [
            {"invoice_id": r["invoice_id"], "account_id": r["account_id"],
             "document_type": "invoice", "invoice_date": r["invoice_date"],
             "due_date": r["due_date"], "gross_amount": r["amount"]}
            for r in invoices
        ],
    )  # fmt: skip
    margins = {r["account_id"]: Decimal(str(r["margin"])) for r in accounts}
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": f"{r['invoice_id']}-1", "invoice_id": r["invoice_id"],
             "net_amount": r["amount"],
             "cogs_amount": Decimal(str(r["amount"])) * (1 - margins[r["account_id"]])}
            for r in invoices
        ],
    )  # fmt: skip
    account_of = {r["invoice_id"]: r["account_id"] for r in invoices}
    named = [
        {"payment_id": f"P{place}", **r, "account_id": account_of[r["invoice_id"]]}
        for place, r in enumerate(applications)
    ]
    write(
        folder,
        "erp_payments",
        [
            {"payment_id": r["payment_id"], "account_id": r["account_id"],
             "received_date": r["applied_date"], "amount": r["amount"]}
            for r in {r["payment_id"]: r for r in reversed(named)}.values()
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_payment_applications",
        [
            {"application_id": f"X{place}", "application_type": "payment",
             "source_document_id": r["payment_id"], "invoice_id": r["invoice_id"],
             "applied_date": r["applied_date"], "amount": r["amount"]}
            for place, r in enumerate(named)
        ],
    )  # fmt: skip
