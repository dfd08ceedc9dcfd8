"""What a reader sees of a page, a mail or a chat, and which words of it are of another language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
WORD = re.compile(r"[A-Za-z]{2,}")
SPOKEN = re.compile(r'(?:title|aria-label|alt|placeholder)="([^"]*)"')
IDS = re.compile(
    r"https?://[!-~]+|[\w.+-]+@[\w.-]+|[!-~]+\|[!-~]+|\b[A-Z]+[-_]?\d\w*|\b\d\w*"
    r"|\b\w+\.(?:yml|html)\b|\b[a-z]+(?:_+[a-z0-9]+)+\b|\b[0-9a-f]{8}\b",
    re.ASCII,
)
"""Addresses, event keys, ids, versions, files, and names of models, columns and checks."""


def seen(html: str) -> str:
    """Return the text of a page, that of its plots, and what is read aloud of it.

    What is marked as English is an error or a check of the data, as the log has it; commands stand
    in `code`.
    """
    for start in ("<style", "<code"):
        html = re.sub(rf"(?s){start}.*?</{start[1:]}>", " ", html)
    html = re.sub(r'(?s)<(td|span|p)\b[^>]* lang="en"[^>]*>.*?</\1>', " ", html)
    plots = re.findall(r"(?s)<svg.*?</svg>", html)
    words = re.findall(r"(?s)<text[^>]*>(.*?)</text>", " ".join(plots))
    html = re.sub(r"(?s)<svg.*?</svg>", " ", html)
    spoken = SPOKEN.findall(html)
    text = re.sub(r"(?s)<[^>]*>", " ", " ".join([html, *words]))
    return unescape(" ".join([text, *spoken]))


def latin_words(text: str, company: Iterable[str], allowed: frozenset[str]) -> set[str]:
    """Return the Latin words of a Chinese text that are neither company data nor allowed."""
    return set(WORD.findall(_without(text, company))) - allowed


def chinese_words(text: str, company: Iterable[str]) -> set[str]:
    """Return the Chinese of an English text that is no company data."""
    return set(CJK.findall(_without(text, company)))


def _without(text: str, company: Iterable[str]) -> str:
    """Return a text without what the sources say, whole or cut, and without ids."""
    names = {one for one in company if " " in one}
    names |= {f"{name[: limit - 1]}…" for name in names for limit in (40, 60) if len(name) > limit}
    text = _removed(text, names)
    return _removed(IDS.sub(" ", text), {one for one in company if " " not in one})


def _removed(text: str, words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    parts = "|".join(re.escape(word) for word in longest_first if word)
    return re.sub(rf"(?a:(?<!\w)(?:{parts})(?!\w))", " ", text) if parts else text
