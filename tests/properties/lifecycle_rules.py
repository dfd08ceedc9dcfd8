"""Random dated rules of the lifecycle of customers."""

from __future__ import annotations

from random import Random

from tests.properties.trade import Row

FIRST: Row = {
    "valid_from": "1900-01-01", "own_gaps": 5, "at_risk_from_days": 30, "at_risk_to_days": 365,
    "churned_multiple": "2.0", "churned_from_days": 180, "churned_to_days": 365,
}  # fmt: skip


def lifecycle_rules(random: Random, day: str) -> list[Row]:
    """Return the rules of a company; some change one on a day."""
    # Random companies buy seldom: with few gaps enough, rhythms of their own occur.
    first = FIRST | {"own_gaps": random.choice([5, 5, 3, 2])}
    change: Row = random.choice(
        [
            {"own_gaps": 4},
            {"at_risk_from_days": 10, "churned_from_days": 20},
            {"churned_multiple": "1.5", "churned_from_days": 60},
            {"at_risk_to_days": 90, "churned_to_days": 200},
        ]
    )
    return [first, {**first, **change, "valid_from": day}] if random.random() < 0.4 else [first]
