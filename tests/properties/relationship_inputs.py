"""Random talks, contacts, evidence and rules of relationships, laid over a company that is there.

They come from a stream of their own, so that all else of a company stays as its seed made it. Some
accounts are talked with so much that they reach the upper stages.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from tests.properties.basics import add_months, month_end
from tests.properties.trade import Row, Trade

RULES: Row = {
    "valid_from": "1900-01-01", "window_days": 180, "rating_days": 180, "joint_months": 24,
    "second_stage_departments": 2, "third_stage_departments": 3, "third_stage_own_departments": 2,
    "lost_after_month_ends": 2, "minimum_contacts": 2, "minimum_own_users": 2,
    "top_contact_activities": 5, "top_contact_share": "0.8000", "minimum_cell_accounts": 3,
}  # fmt: skip
DEPARTMENTS = (
    "purchasing", "finance", "technical", "executive", "executive", "logistics", "other", None
)  # fmt: skip
OURS = (None, None, "sales", "executive", "finance")
KINDS = (
    "joint_rd", "custom_solution", "automation_upgrade", "standardisation", "alliance_agreement",
    "joint_venture", "technology_equity",
)  # fmt: skip
CHANNELS = ("call", "visit", "email", "meeting", "Mass_Mail", "email_open", None)


def add_relationships(
    seed: int, trade: Trade, rows: dict[str, list[Row]], rules: dict[str, list[Row]]
) -> None:
    """Fill what the stages of relationships ask for."""
    random = Random(f"relationships {seed}")
    rules["relationship_rules"] = _rules(random, trade)
    rules |= _contact_rules(random, trade)
    for user in rows["crm_users"]:
        user["department"] = random.choice(["sales", "executive", "finance", None])
    for account in random.sample(trade.accounts, k=min(3, len(trade.accounts))):
        is_close = random.random() < 0.5
        people = _people(random, account, trade.end, is_close)
        rows["crm_contacts"] += people
        names = [*(p["contact_id"] for p in people), None, "NOBODY"]
        days = _days(random, trade, is_close)
        rows["crm_activities"] += [
            _talk(random, f"T{account}-{n}", account, names, day) for n, day in enumerate(days)
        ]
        rows["crm_relationship_evidence"] += _evidence(random, account, trade, is_close)
        rows["crm_account_team"] += _team(random, account, trade)
    _add_ties(Random(f"ties of {seed}"), rows["crm_contacts"], rows["crm_contact_links"])
    for versions in _by_account(rows["crm_accounts"]):
        for version in versions:
            version["executive_sponsor_user_id"] = random.choice([None, "U1", "U2", "U9"])
            if random.random() < 0.7:
                version["wallet_amount"] = random.choice([1000, 3333, 70000])
                stated = version["landed_as_of"].date() - timedelta(days=random.randrange(60))
                version["wallet_as_of_date"] = random.choice([stated, _some_day(random, trade)])


def _add_ties(random: Random, people: list[Row], links: list[Row]) -> None:
    """Say who rated whom, where raters are noted, and who is for or against whom."""
    are_raters_noted = random.random() < 0.7
    for person in people:
        rater = random.choice([None, "U1", "U1", "U2", "U3"])
        person["interpersonal_rated_by_user_id"] = rater if are_raters_noted else None
        for other in random.sample(people, min(2, len(people))):
            links.append(
                {"from_contact_id": person["contact_id"], "to_contact_id": other["contact_id"],
                 "polarity": random.choice([-1, 0, 1, 1])}
            )  # fmt: skip
            back = {"from_contact_id": other["contact_id"], "to_contact_id": person["contact_id"]}
            if random.random() < 0.3 and person is not other:
                links.append({**back, "polarity": random.choice([-1, 0, 1])})
    keys = {(r["from_contact_id"], r["to_contact_id"]): r for r in links}
    links[:] = list(keys.values())


def _by_account(rows: list[Row]) -> list[list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row)
    return list(found.values())


def _rules(random: Random, trade: Trade) -> list[Row]:
    change: Row = random.choice(
        [
            {"window_days": random.choice([30, 400]), "lost_after_month_ends": 1},
            {"rating_days": 400, "joint_months": 6, "lost_after_month_ends": 3},
            {"second_stage_departments": 1, "third_stage_departments": 2,
             "third_stage_own_departments": 1, "lost_after_month_ends": 6},
            {"minimum_contacts": 3, "minimum_own_users": 3, "top_contact_activities": 2,
             "top_contact_share": "0.5000", "minimum_cell_accounts": 2},
        ]
    )  # fmt: skip
    if random.random() < 0.5:
        return [RULES]
    return [RULES, {**RULES, **change, "valid_from": str(_some_day(random, trade))}]


def _people(random: Random, account: str, end: date, is_close: bool) -> list[Row]:
    count = 8 if is_close else random.randrange(1, 7)
    return [
        {"contact_id": f"P{account}-{n}", "account_id": account,
         "department": DEPARTMENTS[n] if is_close else random.choice(DEPARTMENTS),
         "interpersonal_rating": random.choice([None, 1, 3, 5]),
         "interpersonal_rated_on": random.choice(
             [None, end - timedelta(days=random.choice([-3, 0, 179, 180, 181, 400])),
              month_end(end - timedelta(days=200))]),
         "is_active": random.choice([None, True, True, False]),
         "role": random.choice([None, "coach", "decision_maker", "sponsor", "champion", "user"]),
         "formal_level": random.choice([None, 1, 3, 5]),
         "actual_influence": random.choice([None, 3, 4, 5]),
         "sentiment": random.choice([None, 3, 4, 5])}
        for n in range(count)
    ]  # fmt: skip


def _days(random: Random, trade: Trade, is_close: bool) -> list[date]:
    """Return days in spells, many of them at an edge of a window."""
    found = []
    for _ in range(9 if is_close else random.choice([1, 2, 4])):
        start = _some_day(random, trade)
        found += [start + timedelta(days=random.randrange(60))
                  for _ in range(random.choice([1, 4, 9]))]  # fmt: skip
    edges = [trade.end, month_end(_some_day(random, trade))]
    found += [random.choice(edges) - timedelta(days=random.choice([-1, 0, 179, 180, 181]))
              for _ in range(4)]  # fmt: skip
    return found


def _talk(random: Random, name: str, account: str, names: list[str | None], day: date) -> Row:
    return {
        "activity_id": name, "account_id": account, "contact_id": random.choice(names),
        "user_id": random.choice(["U1", "U1", "U2", "U3", None]),
        "our_department": random.choice(OURS),
        "activity_at": datetime.combine(day, time(random.choice([3, 15]))),
        "is_two_way": random.choice([True, True, True, False, None]),
        "direction": random.choice(["inbound", "outbound", None]),
        "channel": random.choice(CHANNELS), "purpose": random.choice(["courtesy", "sales", None]),
    }  # fmt: skip


def _team(random: Random, account: str, trade: Trade) -> list[Row]:
    """Return people beside the owner; some left on the last day or stay beyond it."""
    found: dict[tuple[str, date], Row] = {}
    for _ in range(random.randrange(4)):
        user, day = random.choice(["U1", "U2", "U3"]), _some_day(random, trade)
        found[user, day] = {
            "account_id": account, "user_id": user, "valid_from": day,
            "valid_to": random.choice([None, trade.end, trade.end + timedelta(days=1)]),
        }  # fmt: skip
    return list(found.values())


def _contact_rules(random: Random, trade: Trade) -> dict[str, list[Row]]:
    first: Row = {
        "valid_from": "1900-01-01", "complete_contacts": random.choice([2, 4, 10]),
        "hidden_power_gap": 2, "minimum_influence": 4, "minimum_sentiment": 4,
        "minimum_supporters": 2, "executive_contact_days": 180, "minimum_own_departments": 3,
    }  # fmt: skip
    stricter = {
        **first, "valid_from": str(_some_day(random, trade)), "minimum_influence": 5,
        "hidden_power_gap": 1, "minimum_sentiment": 5, "minimum_supporters": 1,
        "executive_contact_days": random.choice([1, 90]), "minimum_own_departments": 2,
    }  # fmt: skip
    days = sorted({_some_day(random, trade) for _ in range(3)} | {trade.end + timedelta(days=1)})
    if random.random() < 0.2:
        days = days[-1:]
    return {
        "contact_rules": [first, stricter] if random.random() < 0.5 else [first],
        "festival_windows": [
            {"festival": f"F{day}", "from_date": str(day), "to_date": str(day + timedelta(days=90))}
            for day in days
        ],
    }


def _evidence(random: Random, account: str, trade: Trade, is_close: bool) -> list[Row]:
    """Return proofs; many begin 24 months before a day described, or end on it or a day before."""
    found = []
    for n in range(9 if is_close else random.randrange(6)):
        day = random.choice([trade.end, month_end(_some_day(random, trade))])
        beside = timedelta(days=random.choice([-1, 0, 1]))
        start = random.choice([add_months(day, -24) + beside, _some_day(random, trade)])
        found.append(
            {"evidence_id": f"R{account}-{n}", "account_id": account,
             "evidence_type": random.choice(KINDS), "start_date": start,
             "end_date": random.choice([None, max(start, day + beside)])}
        )  # fmt: skip
    return found


def _some_day(random: Random, trade: Trade) -> date:
    return trade.start + timedelta(days=random.randrange((trade.end - trade.start).days + 5))
