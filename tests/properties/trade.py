"""What the documents of one random company have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

Row = dict[str, Any]


CENT = Decimal("0.01")


FAMILIES = ("belts", "drives", "pumps", "valves")


def cents(amount: Decimal) -> Decimal:
    """Return an amount rounded to cents, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Trade:
    """What the documents of one company have in common."""

    random: Random
    start: date
    end: date
    accounts: list[str]
    sizes: str = ""
    costs: float = 0.0
    foreign: float = 0.0
    products: list[Row] = field(default_factory=list)
    number: int = 0

    def next(self, prefix: str) -> str:
        """Return a new document number; later documents do not sort last."""
        self.number += 1
        return f"{prefix}{self.number * 7919 % 10007:05}-{self.number}"

    def chance(self, share: float) -> bool:
        """Return true in so many cases."""
        return self.random.random() < share
