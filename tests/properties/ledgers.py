"""Random documents of a company: invoices with lines, credit notes, receipts and applications."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.properties.basics import add_months
from tests.properties.receipts import add_receipt, apply, rates, settle
from tests.properties.trade import FAMILIES, Row, Trade, cents

HABITS = (
    "steady", "steady", "steady", "growing", "fading", "bulk", "left", "returning", "late",
    "rare", "losing", "even", "silent", "receipts",
)  # fmt: skip


def write_ledger(trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Add products, rates and all documents to the rows."""
    random = trade.random
    trade.sizes = random.choice(["ladder", "ladder", "ties", "shares", "random"])
    trade.costs = random.choice([1.0, 1.0, 1.0, 0.97, 0.9, 0.0])
    trade.foreign = random.choice([0.0, 0.0, 0.2, 0.5])
    trade.products = [
        {"product_id": f"P{n}", "product_family": random.choice(FAMILIES)} for n in range(4)
    ]
    rows["erp_products"] = trade.products
    for place, account in enumerate(trade.accounts):
        # Somebody has to buy, or there is no company.
        habit = "steady" if place == 0 else random.choice(HABITS)
        if habit == "receipts":
            add_receipt(trade, rows, account, Decimal("120.00"), _within(trade, 0, 1), "CNY")
        for day, net in _sales(trade, habit, place):
            _sale(trade, rows, account, habit, day, net)
    first = min(r["invoice_date"] for r in rows["erp_invoices"])
    rows["erp_exchange_rates"] = rates(trade, min(first, trade.start) - timedelta(days=40))
    rows["erp_gl_balances"] = [
        {"balance_date": day, "receivables_amount": Decimal(random.randrange(10**6)) / 100}
        for day in (trade.end, trade.end.replace(day=1) - timedelta(days=1))
    ]


def _within(trade: Trade, first: float, last: float) -> date:
    days = (trade.end - trade.start).days
    low, high = int(days * first), max(int(days * last), int(days * first) + 1)
    return trade.start + timedelta(days=trade.random.randrange(low, high))


def _size(trade: Trade, place: int) -> Decimal:
    sizes = {
        "ladder": Decimal(20000) / 2**place,
        "ties": Decimal(1000),
        # 80, 15 and 5 of a hundred: exactly at the thresholds.
        "shares": Decimal([8000, 1500, 500, 0][min(place, 3)] or 1),
        "random": Decimal(trade.random.randrange(100, 2_000_000)) / 100,
    }
    return cents(sizes[trade.sizes])


def _sales(trade: Trade, habit: str, place: int) -> list[tuple[date, Decimal]]:
    """Return the days and net amounts of the sales to one account."""
    size, days = _size(trade, place), (trade.end - trade.start).days
    if habit in {"silent", "receipts"}:
        return []
    if habit == "bulk":
        return [(_within(trade, 0, 1), size * 12)]
    if habit == "rare":
        return [(_within(trade, 0, 1), size) for _ in range(3)]
    step = trade.random.choice([28, 31, 61, 92])
    begin = {"late": 0.7, "returning": 0.0}.get(habit, trade.random.choice([0, 0, 0.2]))
    gap = (0.15, trade.random.choice([0.5, 0.75])) if habit == "returning" else (2, 2)
    stop = 0.4 if habit == "left" else 1.1
    found = []
    if habit == "steady" and trade.sizes in {"ties", "shares"} and step == 31:
        # Month by month the same: two years earn the same to the cent.
        months = range(days // 30 + 1)
        found = [(add_months(trade.start.replace(day=15), month), size) for month in months]
        return [(day, net) for day, net in found if trade.start <= day <= trade.end]
    for offset in range(int(days * begin), min(int(days * stop), days) + 1, step):
        part = offset / max(days, 1)
        if gap[0] < part < gap[1]:
            continue
        factor = {"growing": 0.3 + part * 2, "fading": 1.6 - part * 1.5}.get(habit, 1.0)
        if trade.sizes in {"ladder", "random"} and trade.chance(0.5):
            factor *= trade.random.choice([0.5, 0.9, 1.1, 1.7])
        day = trade.start + timedelta(days=offset)
        if trade.chance(0.05):
            # Two sales on one day are one purchase day.
            found.append((day, size))
        found.append((day, cents(size * Decimal(str(round(factor, 3))))))
    return found


def _sale(
    trade: Trade, rows: dict[str, list[Row]], account: str, habit: str, day: date, net: Decimal
) -> None:
    random = trade.random
    currency = (
        random.choice(["USD", "EUR"])
        if trade.chance(trade.foreign)
        else random.choice(["CNY", None])
    )
    order = trade.next("O") if trade.chance(0.5) else None
    if order:
        rows["erp_orders"].append(
            {"order_id": order, "account_id": account, "order_date": day,
             "status": random.choice(["completed", "completed", "open", "cancelled"])}
        )  # fmt: skip
    gross = cents(net * random.choice([Decimal(1), Decimal("1.13")]))
    invoice = _document(trade, rows, account, day, gross, currency, order)
    _lines(trade, rows, invoice["invoice_id"], habit, net)
    invoices = [invoice]
    if trade.chance(0.06):
        invoices.append(
            _document(
                trade,
                rows,
                account,
                day + timedelta(days=trade.random.choice([0, 30])),
                gross,
                currency,
                order,
            )
        )
        if invoices[-1]["invoice_date"] > trade.end + timedelta(days=15):
            rows["erp_invoices"].remove(invoices.pop())
    for open_invoice in invoices:
        if trade.chance(0.1):
            _credit(trade, rows, open_invoice, habit, net, order)
        settle(trade, rows, open_invoice)


def _document(
    trade: Trade, rows: dict[str, list[Row]], account: str, day: date, gross: Decimal,
    currency: str | None, order: str | None, kind: str = "invoice",
) -> Row:  # fmt: skip
    random = trade.random
    row = {
        "invoice_id": trade.next("I"), "account_id": account, "order_id": order,
        "document_type": kind, "invoice_date": day, "currency_code": currency,
        "due_date": random.choice([None, day + timedelta(days=random.choice([-5, 0, 30, 60, 90]))]),
        "gross_amount": gross,
        "disputed_amount": random.choice([None, None, None, cents(abs(gross) / 3), abs(gross) * 2]),
        "status": "void" if trade.chance(0.03) else random.choice(["posted", None]),
    }  # fmt: skip
    rows["erp_invoices"].append(row)
    return row


def _lines(
    trade: Trade, rows: dict[str, list[Row]], invoice: str, habit: str, net: Decimal
) -> None:
    random = trade.random
    parts = [net] if trade.chance(0.6) else [cents(net / 3), net - cents(net / 3)]
    for place, part in enumerate(parts):
        product = random.choice(trade.products)["product_id"]
        cost = {"losing": Decimal("1.3"), "even": Decimal(1)}.get(habit, Decimal("0.6"))
        rows["erp_invoice_lines"].append(
            {
                "invoice_line_id": f"{invoice}-{place}", "invoice_id": invoice,
                "product_id": None if trade.chance(0.05) else product,
                "quantity": None if trade.chance(0.05)
                else random.choice([Decimal(1), Decimal("2.5")]) * (1 if part >= 0 else -1),
                "list_amount": None if trade.chance(0.05) else cents(part * Decimal("1.25")),
                "net_amount": part,
                "cogs_amount": cents(part * cost) if trade.chance(trade.costs) else None,
            }
        )  # fmt: skip


def _credit(
    trade: Trade,
    rows: dict[str, list[Row]],
    invoice: Row,
    habit: str,
    net: Decimal,
    order: str | None,
) -> None:
    """A credit note: for all or a part, by order, by application, or neither."""
    random = trade.random
    share = random.choice([Decimal(1), Decimal(1), Decimal("0.4"), Decimal("1.2")])
    way = random.choice(["order", "applied", "loose"])
    day = invoice["invoice_date"] + timedelta(days=random.choice([0, 5, 40, 400]))
    gross = cents(invoice["gross_amount"] * share)
    note = _document(
        trade, rows, invoice["account_id"], day, -gross, invoice["currency_code"],
        order if way == "order" else None, "credit_note",
    )  # fmt: skip
    if trade.chance(0.8):
        _lines(trade, rows, note["invoice_id"], habit, -cents(net * share))
    if way == "applied":
        apply(trade, rows, "credit_note", note["invoice_id"], invoice, day, gross)
