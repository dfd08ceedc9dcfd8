"""Random plans of accounts, laid over a company that is there; by a stream of their own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.properties.basics import add_months
from tests.properties.trade import Row, Trade


def add_plans(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Plan some accounts for runs of months: with gaps, before and beyond the data, for nothing."""
    random = Random(f"plans {seed}")
    for account in trade.accounts:
        if random.random() < 0.5:
            continue
        back, ahead = random.randrange(2, 30), random.randrange(-3, 6)
        for month in range(-back, ahead):
            if random.random() < 0.8:
                _plan(random, rows, account, trade, month)


def _plan(
    random: Random, rows: dict[str, list[Row]], account: str, trade: Trade, month: int
) -> None:
    first = add_months(trade.end.replace(day=1), month)
    amount = Decimal(random.choice([0, 1, 50_000, 100_000, 333_333])) / 100
    rows["crm_account_plans"].append(
        {"account_id": account, "plan_month": first, "plan_amount": amount}
    )
    if random.random() < 0.1:
        # A second part of the same month.
        later = {"plan_month": first + timedelta(days=14), "plan_amount": Decimal("10.00")}
        rows["crm_account_plans"].append({"account_id": account, **later})
