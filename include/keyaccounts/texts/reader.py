"""Texts as a reader gets them: filled in, with days and words of closed lists as they read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from keyaccounts.texts.catalogue import DEFAULT, Catalogue, Text, read_catalogue


@dataclass(frozen=True)
class Code:
    """A fact that is a code of a closed list: a text shows the word for it."""

    group: str
    code: str


@dataclass(frozen=True)
class Texts:
    """The texts of one language; calling it with a key and facts gives the sentence."""

    catalogue: Catalogue

    @property
    def language(self) -> str:
        """The language as HTML names it."""
        return {"zh": "zh-CN"}.get(self.catalogue.language, self.catalogue.language)

    def __call__(self, key: str, /, **facts: object) -> str:
        """Return a text with its facts filled in; days are written as the language writes them.

        `count` chooses between one and many. Raises KeyError for a key or a fact that is missing.
        """
        text = self.catalogue.texts[key].form(facts.get("count"))
        return text.format_map({name: self._said(fact) for name, fact in facts.items()})

    def text(self, group: str, code: object) -> Text | None:
        """Return the text for a code of a closed list, not yet filled in, or None."""
        return self.catalogue.texts.get(f"{group}.{code}")

    def word(self, group: str, code: object, fallback: str | None = None) -> str:
        """Return the words for a code of a closed list.

        A code without any is what a source says: it stands as `fallback`, else as it is with
        blanks for underscores.
        """
        text = self.text(group, code)
        if text is not None:
            return text.other
        return str(code).replace("_", " ") if fallback is None else fallback

    def words(self, group: str, codes: str | None) -> str:
        """Return the words for codes that are joined by pipes, as a list."""
        return self.joined(self.word(group, code) for code in (codes or "").split("|") if code)

    def joined(self, parts: Iterable[str | None], by: str = "comma") -> str:
        """Return the parts that are there with `comma`, `clause` or `semicolon` between them."""
        return self.catalogue.texts[f"list.{by}"].other.join(part for part in parts if part)

    def day(self, day: date) -> str:
        """Return a day: `2026-11-29`."""
        return self("format.date", year=day.year, month=day.month, day=day.day)

    def month(self, day: date) -> str:
        """Return the month of a day: `2026-11`."""
        return self("format.month", year=day.year, month=day.month)

    def minute(self, instant: datetime, timezone: str) -> str:
        """Return an instant in a time zone, to the minute: `2026-11-29 13:05`."""
        at = instant.astimezone(ZoneInfo(timezone))
        return self(
            "format.minute", year=at.year, month=at.month, day=at.day, hour=at.hour,
            minute=at.minute,
        )  # fmt: skip

    def _said(self, fact: object) -> object:
        if isinstance(fact, Code):
            return self.word(fact.group, fact.code)
        is_day = isinstance(fact, date) and not isinstance(fact, datetime)
        return self.day(fact) if is_day and isinstance(fact, date) else fact


@cache
def texts_in(language: str) -> Texts:
    """Return the texts of one of LANGUAGES."""
    return Texts(read_catalogue(language))


ENGLISH = texts_in(DEFAULT)
