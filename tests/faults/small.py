"""Ten accounts, an invoice a month each for two years, as CSV files that tests damage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from tests.acceptance.loaders import write

ACCOUNTS = [f"00{n:02}" for n in range(1, 11)]
MONTHS = [date(2024 + m // 12, m % 12 + 1, 5) for m in range(6, 30)]
DAY = "2026-06-30"


def small_company(folder: Path) -> Path:
    """Write accounts, invoices and lines; 240 documents of 100 to 1000."""
    write(folder, "crm_accounts", [{"account_id": a, "account_name": f"N {a}"} for a in ACCOUNTS])
    write(folder, "erp_invoices", invoices())
    write(folder, "erp_invoice_lines", lines(invoices()))
    return folder


def invoices() -> list[dict[str, object]]:
    """One invoice per account and month."""
    return [
        {
            "invoice_id": f"I{account}-{day:%y%m}",
            "account_id": account,
            "document_type": "invoice",
            "invoice_date": day,
            "due_date": "",
            "currency_code": "",
            "gross_amount": f"{int(account) * 100}.00",
            "status": "posted",
            "order_id": "",
        }
        for day in MONTHS
        for account in ACCOUNTS
    ]


def lines(documents: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """One line per document, net = gross, no cost."""
    return [
        {
            "invoice_line_id": f"{d['invoice_id']}-1",
            "invoice_id": d["invoice_id"],
            "net_amount": d["gross_amount"],
        }
        for d in documents
    ]


def edit(folder: Path, entity: str, changes: Mapping[int, Mapping[int, str]]) -> None:
    """Replace fields of a CSV file: line (1 is the header) -> position -> text."""
    file = folder / f"{entity}.csv"
    rows = [row.split(",") for row in file.read_text("utf-8").splitlines()]
    for line, fields in changes.items():
        for position, text in fields.items():
            rows[line - 1][position] = text
    file.write_text("\n".join(",".join(row) for row in rows) + "\n", "utf-8")


def append(folder: Path, entity: str, *rows: str) -> int:
    """Append lines to a CSV file and return the number of the last line."""
    file = folder / f"{entity}.csv"
    text = file.read_text("utf-8") + "".join(f"{row}\n" for row in rows)
    file.write_text(text, "utf-8")
    return len(text.splitlines())
