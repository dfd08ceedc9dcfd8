"""Dated rules of random companies: most keep the defaults, some change them within their data."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.properties.basics import month_end
from tests.properties.candidate_rules import candidate_rules
from tests.properties.concentration_rules import concentration_rules
from tests.properties.harness import Row, seeds
from tests.properties.lifecycle_rules import lifecycle_rules
from tests.properties.opportunity_inputs import opportunity_rules
from tests.properties.payment_rules import payment_rules
from tests.properties.purchase_rules import purchase_rules
from tests.properties.service_inputs import service_rules

FIRST_DAY = "1900-01-01"
TIER_RULES: Row = {
    "valid_from": "1900-01-01", "threshold_a": "0.8000", "threshold_b": "0.9500",
    "band": "0.0300", "down_month_ends": 2, "minimum_tenure_days": 90, "count_share_a": "0.2000",
    "count_share_b": "0.9000", "minimum_cost_coverage": "0.9500",
}  # fmt: skip

VALUE_RULES: Row = {
    "valid_from": "1900-01-01", "discount_rate": "0.1000", "churn_floor": "0.0500",
    "prior_churned": "1.0000", "prior_retained": "4.0000", "rank_gap": "0.2000",
}  # fmt: skip
FORECAST_RULES: Row = {
    "valid_from": "1900-01-01", "growth_floor": "0.5000", "growth_cap": "2.0000",
    "intermittent_share": "0.5000",
}  # fmt: skip


def random_rules(random: Random, start: date, end: date) -> dict[str, list[Row]]:
    """Return the rules of one company by seed."""
    rules: dict[str, list[Row]] = {}
    tiers = [{**TIER_RULES, "down_month_ends": random.choice([1, 2, 2, 2, 3])}]
    if start.day % 3 == 0:
        # Shares that a small number of units can meet exactly.
        tiers[0] |= {"count_share_a": "0.2500", "count_share_b": "0.5000"}
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        day = str(some_day(random, start + timedelta(days=365), end + timedelta(days=31)))
        change = random.choice(
            [
                {"threshold_a": "0.7000", "threshold_b": "0.9000"},
                {"band": "0.0000"},
                {"down_month_ends": random.choice([1, 3])},
                {"minimum_tenure_days": random.choice([0, 180])},
                {"minimum_cost_coverage": "0.5000"},
            ]
        )
        if all(day != t["valid_from"] for t in tiers):
            tiers.append({**tiers[-1], **change, "valid_from": day})
    rules["tier_config"] = tiers
    rules["channel_config"] = [
        {"channel": "dealer", "is_dealer": True, "is_subscription_like": False},
        {"channel": "online", "is_dealer": False, "is_subscription_like": random.random() < 0.4},
    ]
    terms = [("1900-01-01", "30.0000")]
    if random.random() < 0.3:
        terms.append((str(some_day(random, start, end)), "10.0000"))
    rules["alert_rules"] = [
        {"valid_from": day, "rule": "default_terms_days", "amount": amount} for day, amount in terms
    ] + [row for row in seeds()["alert_rules"][1] if row["rule"] != "default_terms_days"]
    rules["payment_rules"] = payment_rules(random, str(some_day(random, start, end)))
    rules["value_config"] = [VALUE_RULES]
    rules["forecast_config"] = [FORECAST_RULES]
    if random.random() < 0.3:
        day = str(some_day(random, start, end))
        rules["value_config"].append(
            {**VALUE_RULES, "valid_from": day, "discount_rate": "0.0000", "churn_floor": "0.1500",
             "prior_churned": "0.5000", "rank_gap": "0.5000"}
        )  # fmt: skip
        rules["forecast_config"].append(
            {**FORECAST_RULES, "valid_from": day, "growth_floor": "0.9000", "growth_cap": "1.1000",
             "intermittent_share": "0.7500"}
        )  # fmt: skip
    lookbacks = {"valid_from": "1900-01-01", "period_months": 1, "simple_lookback_months": 3,
                 "countback_lookback_months": 12}  # fmt: skip
    rules["collection_rules"] = [lookbacks]
    if random.random() < 0.4:
        day = str(some_day(random, start, end))
        months = {name: random.randrange(1, 13) for name in lookbacks if name != "valid_from"}
        rules["collection_rules"].append({"valid_from": day, **months})
    # By numbers of its own: those that follow stay what they were.
    own = Random(f"candidates of {start} {end}")
    rules["candidate_config"] = candidate_rules(own, str(some_day(own, start, end)))
    own = Random(f"lifecycle of {start} {end}")
    rules["lifecycle_config"] = lifecycle_rules(own, str(some_day(own, start, end)))
    own = Random(f"purchases of {start} {end}")
    rules["purchase_rules"] = purchase_rules(own, str(some_day(own, start, end)))
    own = Random(f"service of {start} {end}")
    rules["service_rules"] = service_rules(own, str(some_day(own, start, end)))
    own = Random(f"opportunities of {start} {end}")
    rules |= opportunity_rules(own, str(some_day(own, start, end)))
    own = Random(f"concentration of {start} {end}")
    rules |= concentration_rules(own, str(some_day(own, start, end)))
    own = Random(f"month-ends of {start} {end}")
    return {name: _some_on_month_ends(own, rows) for name, rows in rules.items()}


def _some_on_month_ends(random: Random, rows: list[Row]) -> list[Row]:
    """Let some rules begin on a month-end: the day on which most of them are asked for."""
    days = {r["valid_from"] for r in rows if r.get("valid_from", FIRST_DAY) != FIRST_DAY}
    moved = {
        day: str(month_end(date.fromisoformat(day)))
        for day in sorted(days)
        if random.random() < 0.4
    }
    moved = {day: later for day, later in moved.items() if later not in days}
    if len(set(moved.values())) < len(moved):
        return rows
    return [
        {**row, "valid_from": moved.get(row["valid_from"], row["valid_from"])}
        if "valid_from" in row
        else row
        for row in rows
    ]


def some_day(random: Random, first: date, last: date) -> date:
    """Return a day between two, both included."""
    return first + timedelta(days=random.randrange(max((last - first).days, 0) + 1))
