"""Random dated rules of candidates for key account."""

from __future__ import annotations

from random import Random

from tests.properties.trade import Row

FIRST: Row = {
    "valid_from": "1900-01-01", "influence_months": 12, "follower_months": 24,
    "launch_months": 24, "innovator_share": "0.0250", "early_adopter_share": "0.1600",
    "wallet_months": 12, "minimum_influence_score": 4, "referred_profit_share": "0.2500",
    "minimum_ramp_ratio": "2.0000", "exclusive_wallet_share": "0.9000",
    "minimum_growth_score": 4, "influence_weight": "0.4000", "volume_weight": "0.3000",
    "prospect_weight": "0.3000", "conversion_months": 24,
}  # fmt: skip
# Shares that a handful of adopters can reach, and meet exactly.
FEW_ADOPTERS: Row = {"innovator_share": "0.2500", "early_adopter_share": "0.5000"}


def candidate_rules(random: Random, day: str) -> list[Row]:
    """Return the rules of a company; some change one on a day."""
    first = FIRST | random.choice([{}, FEW_ADOPTERS, FEW_ADOPTERS])
    change: Row = random.choice(
        [
            {"influence_months": 6, "follower_months": 3, "launch_months": 6},
            {"innovator_share": "0.3333", "early_adopter_share": "1.0000"},
            {"minimum_influence_score": 3, "minimum_growth_score": 2, "wallet_months": 6},
            {"minimum_ramp_ratio": "1.2500", "exclusive_wallet_share": "0.1000"},
            {"influence_weight": "0.5000", "volume_weight": "0.5000", "prospect_weight": "0.0000"},
            {"referred_profit_share": "0.0100", "conversion_months": 3},
        ]
    )
    return [first, {**first, **change, "valid_from": day}] if random.random() < 0.5 else [first]
