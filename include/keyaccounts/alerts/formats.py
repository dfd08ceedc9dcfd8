"""Figures and source text as a reader sees them; no floats, nothing rounded but ratios."""

from __future__ import annotations

import unicodedata
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def money(amount: Decimal | int) -> str:
    """Return an amount with thousands separators and cents: `1,234.50`."""
    return f"{_cents(amount):,}"


def signed(amount: Decimal | int) -> str:
    """Return a change with its sign: `+12.00`, `-1,234.50`, `0.00`."""
    cents = _cents(amount)
    return f"{cents:+,}" if cents else f"{abs(cents):,}"


def percent(ratio: Decimal | int) -> str:
    """Return a fraction as a signed percentage with one decimal: -0.342 gives `-34.2 %`."""
    rounded = (Decimal(ratio) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:+,} %"


def one_line(value: object, limit: int = 200) -> str:
    """Return source text on one line: no control, line-break or direction-changing characters.

    Text beyond `limit` characters is cut and marked.
    """
    visible = "".join(
        " "
        if character.isspace() or unicodedata.category(character) in HIDDEN_CATEGORIES
        else character
        for character in str(value)
    )
    text = " ".join(visible.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_number(value: object) -> bool:
    """Return True for a payload number (Decimal or int, not a boolean)."""
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _cents(amount: Decimal | int) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)
