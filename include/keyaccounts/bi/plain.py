"""Files that people take out of Superset hold names where its pages have links."""

from __future__ import annotations

import csv
import html
import io
import re

LINK = re.compile(r'<a href="/superset/dashboard/[^"<>]*">([^<>]*)</a>')
"""The link that `datasets.py` makes of an account's name."""
FORMULA = re.compile(r"\s*[-@+|=%]")
BYTE_ORDER = "\ufeff"


def without_links(text: str) -> str:
    """Return CSV with the names of accounts in place of the links to their pages.

    A name that a spreadsheet would take for a formula stays text, as Superset does with others.
    """
    if "<a href=" not in text:
        return text
    mark = BYTE_ORDER if text.startswith(BYTE_ORDER) else ""
    out = io.StringIO()
    out.write(mark)
    writer = csv.writer(out, lineterminator="\n")
    for row in csv.reader(io.StringIO(text.removeprefix(mark), newline="")):
        writer.writerow([_named(cell) for cell in row])
    return out.getvalue()


def _named(cell: str) -> str:
    found = LINK.fullmatch(cell)
    if found is None:
        return cell
    name = html.unescape(found[1])
    return f"'{name}" if FORMULA.match(name) else name
