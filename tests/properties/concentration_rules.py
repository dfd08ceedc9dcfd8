"""Random dated rules of concentration, and what a company costs in a month."""

from __future__ import annotations

from random import Random

from tests.properties.trade import Row

FIRST: Row = {
    "valid_from": "1900-01-01", "noticeable_top1_share": "0.1000", "high_top1_share": "0.2500",
    "critical_top1_share": "0.4000", "moderate_hhi": "0.1000", "high_hhi": "0.1800",
    "minimum_alert_units": 2,
}  # fmt: skip
# Limits that a few units meet exactly.
EVEN: Row = {
    "noticeable_top1_share": "0.2500", "high_top1_share": "0.5000", "critical_top1_share": "0.8000",
    "moderate_hhi": "0.2500", "high_hhi": "0.5000", "minimum_alert_units": 4,
}  # fmt: skip


def concentration_rules(random: Random, day: str) -> dict[str, list[Row]]:
    """Return the rules of a company; some change their limits on a day, some name no cost."""
    first = FIRST | random.choice([{}, EVEN])
    limits = [first, {**FIRST, **EVEN, "valid_from": day}] if random.random() < 0.4 else [first]
    costs = [
        {"valid_from": since, "monthly_amount": amount}
        for since, amount in random.choice(
            [[], [("1900-01-01", "250.00")], [(day, "99.99")],
             [("2024-01-01", "1000.00"), (day, "3.00")]]
        )
    ]  # fmt: skip
    return {"concentration_config": limits, "fixed_costs": costs}
