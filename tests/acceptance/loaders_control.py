"""Write the fixtures of receivables control as contract files, and small companies beside them.

What the loader adds to what the fixture states:

* owner_drag: the overdue part of an account is an invoice that was due before the day, the rest one
  that is due after it; unapplied cash is a receipt of 31 days before; nothing is applied.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tests.acceptance.loaders import read, write

DAY = date(2026, 6, 30)
APPLICATIONS = "application_id,application_type,source_document_id,invoice_id,applied_date,amount\n"
Row = dict[str, object]


def invoice(name: str, account: str, day: date, gross: object, **more: object) -> Row:
    """Return an invoice that is due after 30 days unless `more` says otherwise."""
    due = day + timedelta(days=30)
    return {"invoice_id": name, "account_id": account, "document_type": "invoice",
            "invoice_date": day, "due_date": due, "gross_amount": gross, **more}  # fmt: skip


def ledger(
    folder: Path,
    invoices: list[Row],
    payments: list[Row] | None = None,
    applications: list[Row] | None = None,
    nets: dict[str, object] | None = None,
) -> None:
    """Write documents; one line per invoice with its gross amount, or its net in `nets`."""
    write(folder, "erp_invoices", invoices)
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": f"{i['invoice_id']}-1", "invoice_id": i["invoice_id"],
             "net_amount": (nets or {}).get(str(i["invoice_id"]), i["gross_amount"])}
            for i in invoices
        ],
    )  # fmt: skip
    nothing = {"payment_id": "P0", "account_id": invoices[0]["account_id"],
               "received_date": DAY + timedelta(days=900), "amount": "1"}  # fmt: skip
    write(folder, "erp_payments", payments or [nothing])
    if applications:
        write(folder, "erp_payment_applications", applications)
    else:
        (folder / "erp_payment_applications.csv").write_text(APPLICATIONS, encoding="utf-8")


def owner_drag(folder: Path) -> None:
    """The accounts of the fixture `owner_drag`."""
    accounts = read("owner_drag", "input_accounts")
    write(
        folder,
        "crm_accounts",
        [
            {"account_id": r["account_id"], "account_name": r["account_id"],
             "channel": r["channel"], "owner_user_id": r["owner_id"]}
            for r in accounts
        ],
    )  # fmt: skip
    invoices, payments = [], []
    for r in accounts:
        name, overdue = r["account_id"], Decimal(r["overdue_ar"])
        parts = {"late": (overdue, 40), "open": (Decimal(r["gross_open_ar"]) - overdue, 5)}
        invoices += [
            invoice(f"{name}-{part}", name, DAY - timedelta(days=days), amount)
            for part, (amount, days) in parts.items()
            if amount
        ]
        if Decimal(r["unapplied_cash_over_30d"]):
            payments.append(
                {"payment_id": f"{name}-cash", "account_id": name,
                 "received_date": DAY - timedelta(days=31), "amount": r["unapplied_cash_over_30d"]}
            )  # fmt: skip
    ledger(folder, invoices, payments)
