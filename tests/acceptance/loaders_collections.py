"""Write the fixtures on collection as contract files (semantics, ruling 27).

A case is an account in a channel of its own. What a loader adds to what the fixture states:

* cei: the beginning balance is one invoice long overdue; of the sales, what is current at the end
  falls due after it, the rest falls due and is paid within the period; what else was paid was
  paid on the beginning balance.
* dso_countback: one invoice per month on its second day, a credit note where the month is below
  0; receipts on the as-of date pay the oldest invoices down to the receivables of the case; what
  no month holds is an invoice long before; receivables below 0 are a receipt that is not applied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tests.acceptance.loaders import read, write

LONG_BEFORE = date(2025, 6, 15)
Row = dict[str, object]


@dataclass
class Ledger:
    """The documents of a company that sells on credit."""

    invoices: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    applications: list[Row] = field(default_factory=list)

    def bill(self, account: str, day: date, amount: Decimal, due: date | None = None) -> str:
        """Add an invoice, or a credit note where the amount is below 0."""
        key = f"{account}-{len(self.invoices)}"
        kind = "invoice" if amount > 0 else "credit_note"
        if amount:
            self.invoices.append(
                {"invoice_id": key, "account_id": account, "document_type": kind,
                 "invoice_date": day, "due_date": due, "gross_amount": amount}
            )  # fmt: skip
        return key

    def pay(self, account: str, invoice: str | None, day: date, amount: Decimal) -> None:
        """Add a receipt, applied to an invoice on its day or not at all."""
        key = f"P{len(self.payments)}"
        if not amount:
            return
        self.payments.append(
            {"payment_id": key, "account_id": account, "received_date": day, "amount": amount}
        )
        if invoice:
            self.applications.append(
                {"application_id": f"X{key}", "application_type": "payment",
                 "source_document_id": key, "invoice_id": invoice, "applied_date": day,
                 "amount": amount}
            )  # fmt: skip

    def save(self, folder: Path, accounts: Iterable[str]) -> None:
        """Write the contract files; a line repeats its document, an account is its own channel."""
        write(
            folder,
            "crm_accounts",
            [{"account_id": a, "account_name": a, "channel": a} for a in accounts],
        )
        write(folder, "erp_invoices", self.invoices)
        write(
            folder,
            "erp_invoice_lines",
            [
                {"invoice_line_id": r["invoice_id"], "invoice_id": r["invoice_id"],
                 "net_amount": r["gross_amount"]}
                for r in self.invoices
            ],
        )  # fmt: skip
        write(folder, "erp_payments", self.payments)
        write(folder, "erp_payment_applications", self.applications)


def cei(folder: Path, cases: Iterable[str]) -> None:
    """Some cases of the fixture `cei`."""
    ledger, cases = Ledger(), list(cases)
    for r in read("cei", "input_periods"):
        if r["case_id"] not in cases:
            continue
        case, first = r["case_id"], date.fromisoformat(r["period_start"])
        last, week = date.fromisoformat(r["period_end"]), timedelta(days=7)
        begin, sales = Decimal(r["beginning_ar"]), Decimal(r["credit_sales"])
        total, current = Decimal(r["ending_total_ar"]), Decimal(r["ending_current_ar"])
        old = ledger.bill(case, first - 10 * week, begin, first - 5 * week)
        ledger.bill(case, first, current, last + week)
        paid = ledger.bill(case, first, sales - current, first + week)
        ledger.pay(case, old, first, begin - (total - current))
        ledger.pay(case, paid, first + week, sales - current)
    ledger.save(folder, cases)


def dso_countback(folder: Path, day: str) -> None:
    """The cases of the fixture `dso_countback` of one as-of date."""
    ledger, as_of = Ledger(), date.fromisoformat(day)
    months = read("dso_countback", "input_monthly_credit_sales")
    cases = [r for r in read("dso_countback", "input_cases") if r["as_of_date"] == day]
    for r in cases:
        case, owed = r["case_id"], Decimal(r["gross_ar"])
        sales = {
            date.fromisoformat(m["month"]): Decimal(m["credit_sales"])
            for m in months
            if m["case_id"] == case
        }
        billed = sum(amount for amount in sales.values() if amount > 0)
        ledger.bill(case, LONG_BEFORE, max(owed - billed, Decimal(0)))
        to_pay = max(billed - max(owed, Decimal(0)), Decimal(0))
        for month, amount in sorted(sales.items()):
            invoice = ledger.bill(case, month + timedelta(days=1), amount)
            part = min(to_pay, max(amount, Decimal(0)))
            ledger.pay(case, invoice, as_of, part)
            to_pay -= part
        ledger.pay(case, None, as_of, max(-owed, Decimal(0)))
    ledger.save(folder, [r["case_id"] for r in cases])
