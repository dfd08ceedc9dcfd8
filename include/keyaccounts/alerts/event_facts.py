"""What the facts of one event are made of: its payload, and words for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from keyaccounts.alerts.formats import in_currency, is_number, money, one_line
from keyaccounts.alerts.model import Candidate
from keyaccounts.texts import Texts


@dataclass(frozen=True)
class Fact:
    """A label and what is to be said."""

    label: str
    value: str


@dataclass(frozen=True)
class Reason:
    """One line of the profit bridge; `is_total` marks the sum of the lines above it."""

    label: str
    amount: str
    is_total: bool = False


@dataclass(frozen=True)
class EventFacts:
    """An event, the name of whom it is about, the currency of its amounts, and a language."""

    event: Candidate
    name: str
    unit: str
    texts: Texts

    def get(self, key: str) -> Any:
        """Return a value of the payload, or None."""
        return self.event.payload.get(key)

    def said(self, amount: str) -> str:
        """Return an amount that is laid out with the currency."""
        return in_currency(amount, self.unit, self.texts)

    def amount(self, key: str) -> str | None:
        """Return an amount of the payload with the currency, or None where it is not known."""
        value = self.get(key)
        return self.said(money(value)) if is_number(value) else None


def said_day(day: object, texts: Texts) -> str:
    """Return a day of a payload, which is text there; one that is missing is not known."""
    if day is None or day == "":
        return texts("word.not_known")
    try:
        return texts.day(date.fromisoformat(str(day)))
    except ValueError:
        return one_line(day)
