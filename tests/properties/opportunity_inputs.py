"""Random amounts, steps, reasons and orders of opportunities that are there.

They come from a stream of their own, so that all else of a company stays as its seed made it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.properties.trade import Row, Trade

FIRST: Row = {"valid_from": "1900-01-01", "minimum_reason_amount": "500.00", "early_stage": 3}
REASONS: list[Row] = [
    {"valid_from": "1900-01-01", "source": source, "stated": stated, "outcome_reason": reason}
    for source, stated, reason in (
        ("text", "brand", "brand"), ("text", "too dear", "price"),
        ("category", "price", "price"), ("category", "delivery", "service"),
    )
]  # fmt: skip


def add_opportunities(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Fill what opportunities and buying stages ask for; some orders name one."""
    random = Random(f"opportunities {seed}")
    are_dated = random.random() < 0.9
    for r in rows["crm_opportunities"]:
        r["owner_user_id"] = random.choice([None, "U1", "U2"])
        r["buying_stage"] = random.choice([None, 1, 2, 3, 5, 8])
        r["entered_at_stage"] = random.choice([None, 1, 2, 3, 4, 5])
        r["amount"] = random.choice([None, Decimal("499.99"), Decimal("500.00"), Decimal(9000)])
        r["currency_code"] = random.choice([None, None, "CNY", "EUR", "USD"])
        r["outcome_reason"] = random.choice(
            [None, None, "", " Brand ", "too dear", "we do not know"]
        )
        r["outcome_category"] = random.choice([None, None, "price", "delivery", "budget"])
        days = random.choice([None, -3, 0, 10, 400])
        need = None if days is None else r["opened_on"] + timedelta(days=days)
        r["need_qualified_on"] = need
        if are_dated and random.random() < 0.7:
            rows["crm_opportunity_stages"] += _steps(random, r)
    names = [r["opportunity_id"] for r in rows["crm_opportunities"]]
    for order in rows["erp_orders"]:
        is_named = names and random.random() < 0.3
        order["opportunity_id"] = random.choice(names) if is_named else None


def add_buyers(seed: int, rows: dict[str, list[Row]]) -> None:
    """Let people have a part in purchases, of whichever account, some without a role."""
    random = Random(f"buyers {seed}")
    people = [r["contact_id"] for r in rows["crm_contacts"]]
    for r in rows["crm_opportunities"]:
        rows["crm_opportunity_contacts"] += [
            {"opportunity_id": r["opportunity_id"], "contact_id": contact,
             "role": random.choice([None, "user", "sponsor", "decision_maker"])}
            for contact in random.sample(people, random.randint(0, min(4, len(people))))
        ]  # fmt: skip


def _steps(random: Random, opportunity: Row) -> list[Row]:
    """Return steps forth and back, some on one day, some after the as-of date."""
    stage, day = random.choice([1, 2, 3]), opportunity["opened_on"]
    found: dict[tuple[int, object], Row] = {}
    for _ in range(random.randrange(1, 7)):
        found[stage, day] = {
            "opportunity_id": opportunity["opportunity_id"], "buying_stage": stage,
            "entered_on": day,
        }  # fmt: skip
        stage = min(8, max(1, stage + random.choice([1, 1, 1, 2, -1])))
        day += timedelta(days=random.choice([0, 1, 14, 90]))
    return list(found.values())


def opportunity_rules(random: Random, day: str) -> dict[str, list[Row]]:
    """Return the rules of a company; some change on a day."""
    rules, reasons = [FIRST], list(REASONS)
    if random.random() < 0.4:
        rules = [FIRST, {"valid_from": day, "minimum_reason_amount": "0.00", "early_stage": 2}]
        reasons.append(
            {"valid_from": day, "source": "text", "stated": "too dear",
             "outcome_reason": "value_for_money"}
        )  # fmt: skip
    return {"opportunity_rules": rules, "outcome_reasons": reasons}
