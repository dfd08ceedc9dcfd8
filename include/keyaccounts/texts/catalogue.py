"""The catalogue of one language: a YAML file of texts in groups, read once.

A text that depends on a number is a mapping of its forms, `one` and `other`; Chinese has `other`
alone. Placeholders are Python's: `{name}`, or `{count:,}` for a number with separators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")
DEFAULT = "en"
FORMS = {"one", "other"}


@dataclass(frozen=True)
class Text:
    """One text; `one` is its form for a count of 1, where the language has such a form."""

    other: str
    one: str | None = None

    def form(self, count: object) -> str:
        """Return the form for a count; what counts nothing has one form."""
        return self.one if self.one is not None and count == 1 else self.other

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that the text has room for."""
        forms = self.other + (self.one or "")
        return frozenset(name for _, name, _, _ in Formatter().parse(forms) if name)


@dataclass(frozen=True)
class Catalogue:
    """All texts of a language, by keys such as `alert.next_step`."""

    language: str
    texts: Mapping[str, Text] = field(repr=False, hash=False)

    def group(self, name: str) -> dict[str, str]:
        """Return the texts below a name, by the rest of their keys, in the file's order."""
        start = f"{name}."
        found = ((key, text.other) for key, text in self.texts.items() if key.startswith(start))
        return {key.removeprefix(start): text for key, text in found}


@cache
def read_catalogue(language: str) -> Catalogue:
    """Return the catalogue of one of LANGUAGES."""
    entries = yaml.safe_load((FOLDER / f"{language}.yml").read_text("utf-8"))
    return Catalogue(language, dict(_flat(entries)))


def _flat(entries: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Text]]:
    for name, value in entries.items():
        if isinstance(value, str):
            yield f"{start}{name}", Text(value)
        elif set(value) <= FORMS:
            yield f"{start}{name}", Text(**value)
        else:
            yield from _flat(value, f"{start}{name}.")
