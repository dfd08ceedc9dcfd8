"""Figures and source text as a reader sees them; no floats, nothing rounded but ratios."""

from __future__ import annotations

import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from keyaccounts.texts import ENGLISH, Texts

CENT = Decimal("0.01")
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def money(amount: Decimal | int) -> str:
    """Return an amount with thousands separators and cents: `1,234.50`."""
    return f"{_cents(amount):,}"


def signed(amount: Decimal | int) -> str:
    """Return a change with its sign: `+12.00`, `-1,234.50`, `0.00`."""
    cents = _cents(amount)
    return f"{cents:+,}" if cents else f"{abs(cents):,}"


def in_currency(amount: str, currency: str, texts: Texts) -> str:
    """Return an amount that is laid out with its currency: `CNY 1,234.50`."""
    word = texts.word("currency", currency, fallback=currency)
    return texts("format.money", amount=amount, currency=word)


def percent(ratio: Decimal | int, texts: Texts = ENGLISH) -> str:
    """Return a fraction as a signed percentage with one decimal: -0.342 gives `-34.2 %`."""
    rounded = (Decimal(ratio) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return texts("format.percent", number=f"{rounded:+,}")


def share(ratio: Decimal | int, texts: Texts) -> str:
    """Return a fraction as a percentage with one decimal and no plus: 0.342 gives `34.2 %`."""
    return percent(ratio, texts).removeprefix("+")


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


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int) -> str:
    """Return a text with blanks after it up to a width in columns."""
    return text + " " * (width - columns(text))


def _cents(amount: Decimal | int) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)
