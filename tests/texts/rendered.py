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
    r"|\b\w+\.(?:yml|html)\b",
    re.ASCII,
)
"""Addresses, event keys, ids, versions and files."""


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
    text = without(text, company)
    return set(WORD.findall(IDS.sub(" ", text))) - allowed


def chinese_words(text: str, company: Iterable[str]) -> set[str]:
    """Return the Chinese of an English text that is no company data."""
    return set(CJK.findall(without(text, company)))


def without(text: str, company: Iterable[str]) -> str:
    """Return a text without what the sources say."""
    for said in sorted({one for one in company if len(one) > 1}, key=len, reverse=True):
        text = text.replace(said, " ")
    return text
