"""Random dated rules of how long a customer may take to pay."""

from __future__ import annotations

from random import Random

from tests.properties.trade import Row

FIRST: Row = {
    "valid_from": "1900-01-01", "cost_of_capital": "0.1000", "over_terms_days": 30,
    "peer_multiple": "1.5000", "minimum_invoices": 3, "minimum_peers": 2,
}  # fmt: skip


def payment_rules(random: Random, day: str) -> list[Row]:
    """Return the rules of a company; half of them change one on a day."""
    change: Row = random.choice(
        [
            {"cost_of_capital": "2.5000"},
            {"over_terms_days": 0, "peer_multiple": "1.0000"},
            {"minimum_invoices": 1},
            {"minimum_peers": 1},
        ]
    )
    return [FIRST, {**FIRST, **change, "valid_from": day}] if random.random() < 0.5 else [FIRST]
