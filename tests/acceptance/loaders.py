"""Write the fixtures as contract files (semantics, ruling 27).

What a loader adds to what the fixture states:

* tier_abc: an invoice of 0.01 (cost 0.01) on a `first_purchase_date` that lies before the account's
  lines; one product; the exchange rate of a line on its own date.
* ar_aging: one line of the gross amount per invoice; the terms of I5 on its account; booking rates
  on the invoice dates.
* movements: M7 and M8 are merged into an account K7.
* cohort: an order is an invoice; a fully returned one has a credit note of its order on the same
  day; a cancelled one is void; customers were created before their first order.
* tier_hysteresis: one invoice per unit; the shares are laid over the model that holds them.
* tier_drop_drivers: unit prices times quantity; a second account earns so much on the last day that
  the unit is at risk at that month-end for the first time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"


def read(fixture: str, file: str) -> list[dict[str, str]]:
    """Return the rows of one fixture file."""
    with (FIXTURES / fixture / f"{file}.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def write(folder: Path, entity: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Write one contract file; the header is the union of the keys."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{entity}.csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, names)
        writer.writeheader()
        writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)


def tier_abc(folder: Path, scenario: str) -> None:
    """One company of the fixture `tier_abc`."""
    accounts = [r for r in read("tier_abc", "input_accounts") if r["scenario"] == scenario]
    lines = [r for r in read("tier_abc", "input_profit_lines") if r["scenario"] == scenario]
    write(
        folder,
        "crm_accounts",
        [
            {
                "account_id": r["account_id"],
                "account_name": f"Company {r['account_id']}",
                "parent_account_id": r["parent_account_id"],
                "is_internal": r["is_internal"],
            }
            for r in accounts
        ],
    )
    first_lines = {
        r["account_id"]: min(x["doc_date"] for x in lines if x["account_id"] == r["account_id"])
        for r in accounts
        if any(x["account_id"] == r["account_id"] for x in lines)
    }
    documents = [
        {
            "id": r["doc_id"], "account": r["account_id"], "type": r["doc_type"],
            "date": r["doc_date"], "currency": r["currency"], "net": r["net_revenue"],
            "cogs": r["cogs"],
        }
        for r in lines
    ]  # fmt: skip
    documents += [
        {
            "id": f"FIRST-{r['account_id']}", "account": r["account_id"], "type": "invoice",
            "date": r["first_purchase_date"], "currency": "CNY", "net": "0.01", "cogs": "0.01",
        }
        for r in accounts
        if r["first_purchase_date"] < first_lines.get(r["account_id"], "9999")
    ]  # fmt: skip
    _documents(folder, documents)
    write(
        folder,
        "erp_exchange_rates",
        [
            {"currency_code": r["currency"], "rate_date": r["doc_date"],
             "rate_to_base": r["fx_rate_to_base"]}
            for r in lines if r["currency"] != "CNY"
        ] or [{"currency_code": "USD", "rate_date": "2020-01-01", "rate_to_base": "7"}],
    )  # fmt: skip


def _documents(folder: Path, documents: Iterable[Mapping[str, str]]) -> None:
    documents = list(documents)
    write(
        folder,
        "erp_invoices",
        [
            {
                "invoice_id": d["id"], "account_id": d["account"], "document_type": d["type"],
                "invoice_date": d["date"], "currency_code": d["currency"],
                "gross_amount": d["net"], "order_id": d.get("order"),
                "status": d.get("status", "posted"),
            }
            for d in documents
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_invoice_lines",
        [
            {
                "invoice_line_id": f"{d['id']}-1", "invoice_id": d["id"], "quantity": "1",
                "net_amount": d["net"], "cogs_amount": d.get("cogs", ""),
            }
            for d in documents
        ],
    )  # fmt: skip


def ar_aging(folder: Path) -> None:
    """The ledger of the fixture `ar_aging`."""
    invoices = read("ar_aging", "input_invoices")
    memos = read("ar_aging", "input_credit_memos")
    terms = {r["account_id"]: r["terms_days"] for r in invoices if not r["due_date"]}
    accounts = sorted({r["account_id"] for r in invoices})
    write(
        folder,
        "crm_accounts",
        [
            {"account_id": a, "account_name": a, "payment_terms_days": terms.get(a)}
            for a in accounts
        ],
    )
    documents = [
        {
            "invoice_id": r["invoice_id"], "account_id": r["account_id"],
            "document_type": "invoice", "invoice_date": r["invoice_date"],
            "due_date": r["due_date"], "currency_code": r["currency"],
            "gross_amount": r["amount"],
        }
        for r in invoices
    ] + [
        {
            "invoice_id": r["credit_memo_id"], "account_id": r["account_id"],
            "document_type": "credit_note", "invoice_date": r["issue_date"],
            "currency_code": r["currency"], "gross_amount": f"-{r['amount']}",
        }
        for r in memos
    ]  # fmt: skip
    write(folder, "erp_invoices", documents)
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": f"{d['invoice_id']}-1", "invoice_id": d["invoice_id"],
             "net_amount": d["gross_amount"]}
            for d in documents
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_payments",
        [
            {"payment_id": r["payment_id"], "account_id": r["account_id"],
             "received_date": r["received_date"], "currency_code": r["currency"],
             "amount": r["amount"]}
            for r in read("ar_aging", "input_payments")
        ],
    )  # fmt: skip
    kinds = {"payment": "payment", "credit_memo": "credit_note", "write_off": "write_off"}
    write(
        folder,
        "erp_payment_applications",
        [
            {
                "application_id": r["application_id"],
                "application_type": kinds[r["source_type"]],
                "source_document_id": r["source_id"] if r["source_type"] != "write_off" else "",
                "invoice_id": r["invoice_id"], "applied_date": r["applied_date"],
                "amount": r["amount"],
            }
            for r in read("ar_aging", "input_applications")
        ],
    )  # fmt: skip
    booked = [
        {"currency_code": r["currency"], "rate_date": r["invoice_date"],
         "rate_to_base": r["booking_fx_rate"]}
        for r in invoices if r["currency"] != "CNY"
    ]  # fmt: skip
    closing = [
        {"currency_code": r["currency"], "rate_date": r["as_of_date"],
         "rate_to_base": r["closing_rate_to_base"]}
        for r in read("ar_aging", "input_closing_fx")
    ]  # fmt: skip
    # Month-ends that the fixture does not ask for need a rate too.
    between = [
        {"currency_code": "USD", "rate_date": day, "rate_to_base": "7.0000"}
        for day in ("2026-01-31", "2026-02-28")
    ]
    write(folder, "erp_exchange_rates", [*booked, *closing, *between])


def movements(folder: Path) -> None:
    """The invoices of the fixture `movements`."""
    rows = read("movements", "input_invoices")
    ids = sorted({r["account_id"] for r in rows} | {r["customer_key"] for r in rows})
    keys = {r["account_id"]: r["customer_key"] for r in rows}
    write(
        folder,
        "crm_accounts",
        [
            {"account_id": i, "account_name": i,
             "merged_into_account_id": keys[i] if keys.get(i, i) != i else ""}
            for i in ids
        ],
    )  # fmt: skip
    _documents(
        folder,
        [
            {
                "id": f"D{n}", "account": r["account_id"], "date": r["invoice_date"],
                "type": "credit_note" if r["net_revenue"].startswith("-") else "invoice",
                "currency": "CNY", "net": r["net_revenue"],
            }
            for n, r in enumerate(rows)
        ],
    )  # fmt: skip


def cohort(folder: Path) -> None:
    """The orders of the fixture `cohort`, as invoices."""
    rows = read("cohort", "input_orders")
    write(
        folder,
        "crm_accounts",
        [{"account_id": c, "account_name": c} for c in sorted({r["customer_key"] for r in rows})],
    )
    documents = [
        {
            "id": r["order_id"], "account": r["customer_key"], "date": r["order_date"],
            "type": "invoice", "currency": "CNY", "net": r["net_amount"],
            "order": r["order_id"],
            "status": "void" if r["status"] == "cancelled" else "posted",
        }
        for r in rows
    ]  # fmt: skip
    documents += [
        {**d, "id": f"{d['id']}-R", "type": "credit_note", "net": f"-{d['net']}"}
        for d, r in zip(list(documents), rows, strict=True)
        if r["status"] == "fully_returned"
    ]
    _documents(folder, documents)


def tier_drop_drivers(folder: Path, day: date = date(2026, 6, 30)) -> None:
    """A unit that bought the prior quantities in one window and the current ones in the next."""
    rows = read("tier_drop_drivers", "input_products")
    prior, current = date(day.year - 2, day.month + 1, 1), date(day.year - 1, day.month + 1, 6)
    write(
        folder,
        "crm_accounts",
        [{"account_id": "U", "account_name": "Falling"}, {"account_id": "V", "account_name": "V"}],
    )
    write(
        folder,
        "erp_products",
        [{"product_id": r["product_family"], "product_family": r["product_family"]} for r in rows],
    )
    documents = [("U0", "U", prior), ("U1", "U", current), ("V0", "V", prior), ("V1", "V", day)]
    write(
        folder,
        "erp_invoices",
        [
            {"invoice_id": i, "account_id": a, "document_type": "invoice", "invoice_date": d,
             "gross_amount": "1"}
            for i, a, d in documents
        ],
    )  # fmt: skip
    lines = []
    for r in rows:
        for invoice, side in (("U0", "prior"), ("U1", "current")):
            quantity = Decimal(r[f"qty_{side}"])
            if not quantity:
                continue
            listed = Decimal(r[f"list_price_{side}"])
            discount = Decimal(r[f"unit_discount_{side}"] or 0)
            lines.append(
                {
                    "invoice_line_id": f"{invoice}-{r['product_family']}", "invoice_id": invoice,
                    "product_id": r["product_family"], "quantity": quantity,
                    "list_amount": quantity * listed,
                    "net_amount": quantity * (listed - discount),
                    "cogs_amount": quantity * Decimal(r[f"unit_cost_{side}"] or 0),
                }
            )  # fmt: skip
    # The other account earns much more in the current window.
    for invoice, profit in (("V0", 10), ("V1", 100000)):
        lines.append(
            {"invoice_line_id": f"{invoice}-1", "invoice_id": invoice, "product_id": "P1",
             "quantity": 1, "list_amount": profit, "net_amount": profit, "cogs_amount": 0}
        )  # fmt: skip
    write(folder, "erp_invoice_lines", lines)


def tier_hysteresis(folder: Path) -> None:
    """The units of the fixture `tier_hysteresis`; their shares are laid over the model.

    One invoice each on 2025-02-01, so that the first rated month-end is 2026-01-31.
    """
    units = sorted({r["tier_unit_id"] for r in read("tier_hysteresis", "input_monthly")})
    write(folder, "crm_accounts", [{"account_id": u, "account_name": u} for u in units])
    _documents(
        folder,
        [
            {"id": f"D-{u}", "account": u, "date": "2025-02-01", "type": "invoice",
             "currency": "CNY", "net": "100", "cogs": "1"}
            for u in units
        ],
    )  # fmt: skip
