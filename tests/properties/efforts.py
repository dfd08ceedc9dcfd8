"""What serving the accounts of a random company took, and what the rates of it are."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from tests.properties.trade import Row, Trade

KINDS = ("visit", "call", "case", "order", "return")


def add_efforts(
    random: Random, trade: Trade, rows: dict[str, list[Row]], rules: dict[str, list[Row]]
) -> None:
    """Add activities, cases, services, missing list prices, and maybe rates."""
    for product in trade.products:
        product["is_service"] = random.choice([None, False, True])
    for line in rows["erp_invoice_lines"]:
        if random.random() < 0.1:
            line["list_amount"] = None
    for n in range(random.randrange(30)):
        account = random.choice(trade.accounts)
        at = datetime.combine(_day(random, trade.start, trade.end), time(random.choice([3, 20])))
        rows["crm_activities"].append(
            {"activity_id": f"E{n}", "account_id": account, "activity_at": at, "is_two_way": None,
             "channel": random.choice(["visit", "visit", "call", "email", None])}
        )  # fmt: skip
        rows["crm_service_cases"].append(
            {"case_id": f"E{n}", "account_id": account, "opened_at": at, "severity": 3,
             "case_type": "question"}
        )  # fmt: skip
    if random.random() < 0.6:
        rules["cost_to_serve_rates"] = _rates(random, trade)
    for activity in rows["crm_activities"]:
        activity["user_id"] = random.choice(["U1", "U1", "U2", "U3", None])
    if random.random() < 0.6:
        rules["alert_rules"] += _neglect(random, trade)


def _rates(random: Random, trade: Trade) -> list[Row]:
    """Return rates of some kinds, from the beginning or from a day on."""
    late = _day(random, trade.start, trade.end)
    found = []
    for kind in random.sample(KINDS, random.choice([1, 3, 5])):
        days = {random.choice([date(1900, 1, 1), date(1900, 1, 1), date(1900, 1, 1), late])}
        days |= {late} if random.random() < 0.3 else set()
        found += [
            {"valid_from": str(day), "kind": kind, "amount": f"{random.randrange(5000) / 100:.2f}"}
            for day in sorted(days)
        ]
    return found


def _neglect(random: Random, trade: Trade) -> list[Row]:
    """Return rules by which few activities on C units over many days are enough."""
    day = str(_day(random, trade.start, trade.end))
    amounts = {
        "neglected_days": 200,
        "neglected_c_activities": 1,
        "underserved_effort_to_profit": 2,
    }
    return [{"valid_from": day, "rule": rule, "amount": f"{amount}.0000"}
            for rule, amount in amounts.items()]  # fmt: skip


def _day(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=random.randrange(max((last - first).days, 0) + 1))
