"""Lines of a terminal's width, of texts with and without blanks between the words."""

from __future__ import annotations

import re
from datetime import date
from textwrap import wrap

from keyaccounts.alerts.formats import columns, padded
from keyaccounts.texts import Texts

INDENT = "    "
LONG_DAY = date(2000, 12, 31)
# A run of letters without blanks, with what stands close to it; else one wide character.
PIECES = re.compile(r"\s+|[^\s\u2e80-\uffef]{1,24}|[\u2e80-\uffef]")
CLOSING = set("，。；：、！？）】》”’％")


def day_column(day: date, texts: Texts) -> str:
    """Return a day with blanks after it up to the width of the longest one."""
    return padded(texts.day(day), columns(texts.day(LONG_DAY)))


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` columns; all but the first are indented.

    Between wide characters a line may end anywhere, but none begins with closing punctuation.
    """
    if columns(text) == len(text):
        return wrap(text, width, subsequent_indent=INDENT) or [""]
    lines: list[str] = []
    line = ""
    for piece in PIECES.findall(text):
        if lines and not line.strip() and piece in CLOSING:
            lines[-1] += piece
            continue
        if columns(line + piece) > width and line.strip() and piece not in CLOSING:
            lines.append(line.rstrip())
            line = INDENT
        line += piece if line.strip() else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines
