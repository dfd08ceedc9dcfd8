"""Random owners who come and go, laid over a company that is there.

They come from a stream of their own, so that all else of a company stays as its seed made it.
Departures lie close together more often than chance would have it, and around the days of the rule.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from tests.properties.dated_rules import some_day
from tests.properties.trade import Row, Trade

OWNERS = ("U1", "U2", "U3", None)


def add_owners(
    seed: int, trade: Trade, rows: dict[str, list[Row]], rules: dict[str, list[Row]]
) -> None:
    """Fill what the turnover of owners asks for."""
    random = Random(f"owners of {seed}")
    if "alert_rules" in rules and random.random() < 0.5:
        rules["alert_rules"] += _rules(random, trade)
    first = some_day(random, trade.start, trade.end)
    versions: list[Row] = []
    for user in rows["crm_users"]:
        versions += _versions(random, user, first, trade)
    rows["crm_users"] = sorted(versions, key=lambda r: r["_load"])
    for version in rows["crm_accounts"]:
        if version["_load"] > 1 and random.random() < 0.5:
            version["owner_user_id"] = random.choice(OWNERS)
    for account in trade.accounts:
        rows["crm_account_history"] += _remembered(random, account, trade)


def _rules(random: Random, trade: Trade) -> list[Row]:
    changes = {"mass_departure_days": random.choice([20, 100]),
               "mass_departure_owners": random.choice([1, 3])}  # fmt: skip
    since = some_day(random, trade.start, trade.end)
    return [
        {"valid_from": since.isoformat(), "rule": rule, "amount": f"{amount}.0000"}
        for rule, amount in changes.items()
        if random.random() < 0.7
    ]


def _versions(random: Random, user: Row, first: date, trade: Trade) -> list[Row]:
    """Return the landed versions of a user, oldest first: here, gone, here again, gone by a day."""
    user |= {"team": random.choice(["T1", "T1", "T2", None]), "_load": 1, "updated_at": None,
             "landed_as_of": datetime.combine(trade.start, time(15, 59, 59))}  # fmt: skip
    near = first + timedelta(days=random.choice([0, 20, 59, 60, 61, 100]))
    user["deactivated_on"] = random.choice([None, None, near, user["deactivated_on"]])
    versions, day = [user], trade.start
    for load in range(2, 2 + random.choice([0, 1, 1, 2, 3])):
        day = random.choice([near, some_day(random, day, trade.end + timedelta(days=10))])
        stamp = random.choice([None, datetime.combine(day, time(random.choice([3, 17])))])
        is_active = random.choice([True, False, False, None])
        gone_on = random.choice([None, None, None, near, day])
        versions.append(
            {**user, "is_active": is_active, "deactivated_on": gone_on, "updated_at": stamp,
             "team": random.choice([user["team"], "T1"]), "_load": load,
             "landed_as_of": datetime.combine(day, time(15, 59, 59))}
        )  # fmt: skip
    return versions


def _remembered(random: Random, account: str, trade: Trade) -> list[Row]:
    if random.random() < 0.5:
        return []
    days = {
        trade.start - timedelta(days=random.randrange(-60, 500)) for _ in range(random.randrange(4))
    }
    return [
        {"account_id": account, "field": random.choice(["owner_user_id"] * 3 + ["channel"]),
         "valid_from": day, "value": random.choice([*OWNERS, "U9"])}
        for day in sorted(days)
    ]  # fmt: skip
