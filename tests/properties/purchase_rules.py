"""Random dated rules of purchase types."""

from __future__ import annotations

from random import Random

from tests.properties.trade import Row

FIRST: Row = {"valid_from": "1900-01-01", "product_level": "family", "won_back_gap_days": 365,
              "opportunity_months": 24}  # fmt: skip


def purchase_rules(random: Random, day: str) -> list[Row]:
    """Return the rules of a company; some change one on a day."""
    # Random companies seldom rest for a year.
    first = FIRST | {"won_back_gap_days": random.choice([365, 365, 92, 61])}
    change: Row = random.choice(
        [{"product_level": "category"}, {"won_back_gap_days": 31, "opportunity_months": 3}]
    )
    return [first, {**first, **change, "valid_from": day}] if random.random() < 0.4 else [first]
