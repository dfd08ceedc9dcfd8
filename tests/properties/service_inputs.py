"""Random sites, deadlines, answers, contacts and quotes, laid over a company that is there.

They come from a stream of their own, so that all else of a company stays as its seed made it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from tests.properties.trade import Row, Trade

FIRST: Row = {"valid_from": "1900-01-01", "service_purpose": "service", "proactive_days": 7,
              "minimum_peer_orders": 3}  # fmt: skip


def add_service(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Fill what levels of service ask for, and add cases so that sites have some to compare."""
    random = Random(f"service {seed}")
    for n in range(random.randrange(40)):
        day = _day(random, trade)
        rows["crm_service_cases"].append(
            {"case_id": f"L{n}", "account_id": random.choice(trade.accounts),
             "opened_at": datetime.combine(day, time(random.choice([1, 9, 17]))),
             "case_type": random.choice(["complaint", "dispute", "return", None]),
             "severity": random.choice([None, 1, 1, 4]), "resolved_at": None}
        )  # fmt: skip
    sites = random.choice([["N"], ["N", "S"], ["N", "S", "W", None], [None]])
    for case in rows["crm_service_cases"]:
        opened: datetime = case["opened_at"]
        case["service_site"] = random.choice(sites)
        case["product_id"] = random.choice([None, *(p["product_id"] for p in trade.products)])
        case["is_proactive"] = random.choice([None, False, False, True])
        case["response_due_at"] = _later(random, opened, [-30, 4, 8, 8, 24, 24 * 40])
        case["first_response_at"] = _later(random, opened, [-1, 0, 3, 8, 9, 24 * 45])
        case["resolution_due_at"] = _later(random, opened, [24, 24 * 9, 24 * 70])
        case["resolved_at"] = random.choice(
            [case.get("resolved_at"), _later(random, opened, [2, 24, 24 * 8, 24 * 65])]
        )
    opened_at = [(c["account_id"], c["opened_at"]) for c in rows["crm_service_cases"]]
    for n in range(random.randrange(40)):
        account, at = random.choice(trade.accounts), datetime.combine(_day(random, trade), time(4))
        if opened_at and random.random() < 0.7:
            account, opened = random.choice(opened_at)
            at = opened + timedelta(hours=random.choice([-1, 0, 1, 24 * 7, 24 * 7 + 23, 24 * 8]))
        rows["crm_activities"].append(
            {"activity_id": f"L{n}", "account_id": account, "activity_at": at,
             "channel": "email", "is_two_way": None,
             "direction": random.choice(["outbound", "outbound", "outbound", "inbound", None]),
             "purpose": random.choice(["service", "service", " Service", "sales", None])}
        )  # fmt: skip
    for order in rows["erp_orders"]:
        before = random.choice([None, 0, 1, 4, 9, 40, -2])
        order["quote_date"] = (
            None if before is None else order["order_date"] - timedelta(days=before)
        )


def service_rules(random: Random, day: str) -> list[Row]:
    """Return the rules of a company; some change on a day."""
    # Random companies have few orders of a family.
    first = FIRST | {"minimum_peer_orders": random.choice([1, 2, 3])}
    change: Row = random.choice(
        [{"proactive_days": 1, "minimum_peer_orders": 1}, {"service_purpose": "sales"}]
    )
    return [first, {**first, **change, "valid_from": day}] if random.random() < 0.4 else [first]


def _later(random: Random, opened: datetime, hours: list[int]) -> datetime | None:
    if random.random() < 0.2:
        return None
    return opened + timedelta(hours=random.choice(hours), seconds=random.choice([0, 0, 1, 59]))


def _day(random: Random, trade: Trade) -> date:
    return trade.start + timedelta(days=random.randrange((trade.end - trade.start).days + 1))
