"""Random balances that customers confirmed: what they owe by a simple sum, or something else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.properties.basics import month_end
from tests.properties.trade import Row, Trade


def add_confirmations(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Confirm balances on days in and after the trade; a stream of its own."""
    random = Random(f"confirmations {seed}")
    days = (trade.end - trade.start).days
    for account in trade.accounts:
        picked = {
            random.choice([day, month_end(day)])
            for _ in range(random.choice([0, 0, 1, 2, 4]))
            for day in [trade.start + timedelta(days=random.randrange(-30, days + 20))]
        }
        for day in sorted(picked):
            billed = sum(
                r["gross_amount"] for r in rows["erp_invoices"]
                if r["account_id"] == account and r["invoice_date"] <= day
            )  # fmt: skip
            paid = sum(
                r["amount"] for r in rows["erp_payments"]
                if r["account_id"] == account and r["received_date"] <= day
            )  # fmt: skip
            owed = billed - paid
            said = random.choice([owed, owed, owed + 1, owed * Decimal("1.05"), Decimal(0)])
            rows["erp_balance_confirmations"].append(
                {"account_id": account, "confirmation_date": day,
                 "confirmed_amount": Decimal(said).quantize(Decimal("0.01"))}
            )  # fmt: skip
