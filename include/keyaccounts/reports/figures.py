"""Figures as a page shows them: rounded half away from zero, `–` where they are unknown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from keyaccounts.texts import ENGLISH, Texts

UNKNOWN = "–"


def amount(value: Decimal | int | None) -> str:
    """Return a number without decimals: `1,234`."""
    return UNKNOWN if value is None else f"{_rounded(value, Decimal(1)):,}"


def change(value: Decimal | int | None) -> str:
    """Return a difference with its sign: `+1,234`, `-1,234`, `0`."""
    if value is None:
        return UNKNOWN
    rounded = _rounded(value, Decimal(1))
    return f"{rounded:+,}" if rounded else "0"


def percent(ratio: Decimal | int | None, digits: int = 0, texts: Texts = ENGLISH) -> str:
    """Return a fraction as a percentage: 0.3456 gives `35 %`."""
    if ratio is None:
        return UNKNOWN
    number = _rounded(ratio * 100, Decimal(1).scaleb(-digits))
    return texts("format.percent", number=f"{number:,}")


def points(ratio: Decimal | int | None, texts: Texts = ENGLISH) -> str:
    """Return a difference of two fractions in percentage points: `+1.2 pp`."""
    if ratio is None:
        return UNKNOWN
    rounded = _rounded(ratio * 100, Decimal("0.1"))
    return texts("format.points", number=f"{rounded:+,}" if rounded else "0.0")


def words(text: str | None) -> str:
    """Return a list joined by pipes, or a word of a closed list, as people write it."""
    return (text or "").replace("_", " ").replace("|", ", ")


def _rounded(value: Decimal | int, unit: Decimal) -> Decimal:
    return Decimal(value).quantize(unit, ROUND_HALF_UP)
