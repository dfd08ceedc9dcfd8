"""Random receipts of a company and what they are applied to, and its exchange rates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.properties.trade import Row, Trade, cents


def apply(
    trade: Trade,
    rows: dict[str, list[Row]],
    kind: str,
    source: str | None,
    invoice: Row,
    day: date,
    amount: Decimal,
) -> None:
    rows["erp_payment_applications"].append(
        {"application_id": trade.next("X"), "application_type": kind, "source_document_id": source,
         "invoice_id": invoice["invoice_id"], "applied_date": day, "amount": amount}
    )  # fmt: skip


def add_receipt(
    trade: Trade,
    rows: dict[str, list[Row]],
    account: str,
    amount: Decimal,
    day: date,
    currency: str | None,
) -> str:
    row = {"payment_id": trade.next("R"), "account_id": account, "received_date": day,
           "currency_code": currency, "amount": amount}  # fmt: skip
    rows["erp_payments"].append(row)
    return str(row["payment_id"])


def settle(trade: Trade, rows: dict[str, list[Row]], invoice: Row) -> None:
    """Pay an invoice in one of the ways in which customers do."""
    random, gross, account = trade.random, invoice["gross_amount"], invoice["account_id"]
    currency = invoice["currency_code"]
    day = invoice["invoice_date"] + timedelta(days=random.choice([-3, 0, 10, 31, 45, 100, 150]))
    later = day + timedelta(days=random.choice([0, 3, 60]))
    way = random.choice(
        ["whole", "whole", "whole", "parts", "never", "more", "unapplied", "written_off", "bounced",
         "unknown", "other_currency", "third_party", "early", "twice"]
    )  # fmt: skip
    half = cents(gross / 2)
    if way in {"whole", "third_party", "early", "more", "bounced", "twice"}:
        payer = random.choice(trade.accounts) if way == "third_party" else account
        receipt = add_receipt(trade, rows, payer, gross, day, currency)
        applied = cents(gross * Decimal("1.1")) if way == "more" else gross
        apply(
            trade,
            rows,
            "payment",
            receipt,
            invoice,
            day - timedelta(days=7 * (way == "early")),
            applied,
        )
        if way == "bounced":
            apply(trade, rows, "payment", receipt, invoice, later, -applied)
            add_receipt(trade, rows, payer, -gross, later, currency)
        if way == "twice":
            again = add_receipt(trade, rows, payer, gross, later, currency)
            apply(trade, rows, "payment", again, invoice, later, gross)
    elif way == "parts":
        receipt = add_receipt(trade, rows, account, gross, day, currency)
        apply(trade, rows, "payment", receipt, invoice, day, half)
        apply(trade, rows, "payment", receipt, invoice, later, gross - half)
    elif way == "unapplied":
        add_receipt(trade, rows, account, gross, day, currency)
    elif way == "written_off":
        apply(trade, rows, "write_off", None, invoice, later, half)
    elif way == "unknown":
        apply(trade, rows, "payment", random.choice([None, "NOBODY"]), invoice, later, half)
    elif way == "other_currency":
        receipt = add_receipt(
            trade,
            rows,
            account,
            gross,
            day,
            random.choice(["CNY", "USD", None]) if trade.foreign else None,
        )
        apply(trade, rows, "payment", receipt, invoice, later, half)


def rates(trade: Trade, first: date) -> list[Row]:
    """Rates with gaps of up to ten days; every day up to a year after the end has one."""
    rows = []
    for currency, level in (("USD", 7), ("EUR", 8)):
        day = first
        while day < trade.end + timedelta(days=1):
            level_now = Decimal(level) * Decimal(trade.random.randrange(9000, 11000)) / 10000
            # Rates have eight decimals.
            level_now += Decimal(day.toordinal() % 9973) / 10**8
            rows.append({"currency_code": currency, "rate_date": day, "rate_to_base": level_now})
            day += timedelta(days=trade.random.choice([1, 7, 10, 11]))
    return rows
