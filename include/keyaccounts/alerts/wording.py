"""The words of the alerts: a sentence per alert type, labels of figures, words for codes."""

from __future__ import annotations

from keyaccounts.alerts.formats import one_line
from keyaccounts.texts import ENGLISH, Texts

CODED = ("from_value", "to_value", "measure")
"""Facts of a title that are words of closed lists."""


def title(alert_type: str, texts: Texts = ENGLISH, **facts: object) -> str:
    """Return the sentence for an alert type; an unknown type is named as it is."""
    known = texts.text("title", alert_type)
    if known is None:
        return texts("block.untitled", name=facts.get("name"), type=alert_type.replace("_", " "))
    said = {key: value(fact, texts) if key in CODED else fact for key, fact in facts.items()}
    unknown = dict.fromkeys(known.placeholders, texts("word.unknown"))
    return known.other.format_map(unknown | said)


def label(key: str, texts: Texts = ENGLISH) -> str:
    """Return the words for a key of a payload."""
    words = key.removesuffix("_amount").removesuffix("_ratio").replace("_", " ")
    return texts.word("label", key, fallback=words[:1].upper() + words[1:])


def value(code: object, texts: Texts = ENGLISH) -> str:
    """Return the word for a tier, state, band or the like; what is none of them stands as it is."""
    return texts.word("value", code, fallback=str(code))


def unit(unit_id: str, texts: Texts) -> str:
    """Return what an alert is about as it stands behind a title: an id, or the company."""
    return one_line(texts.word("unit", unit_id, fallback=unit_id))
