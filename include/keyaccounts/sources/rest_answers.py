"""What is in an answer of an API: JSON with all its digits, and the records."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from requests import Response

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.sources.rest_spec import Request

EXCERPT = 200
"""Characters of an answer that a message shows."""


def exact(response: Response) -> Any:
    """Return the JSON of an answer with all digits of its numbers."""
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        start = " ".join(response.text[:80].split())
        kind = response.headers.get("Content-Type", "no type").split(";")[0]
        what = "is HTML" if "<html" in response.text[:1000].lower() else "cannot be read as JSON"
        raise NoJsonError(f"{what} ({kind}, {str(error)[:60]}): {start}") from error


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


class NoJsonError(Exception):
    """An answer that is no JSON."""


def records_in(request: Request, body: Any, place: str, page: int) -> list[Any]:
    """Return the records of an answer.

    The last name of the path may be missing where there is none; what is around it may not.
    Raises ConfigurationError on the first page, KeyaccountsError on a later one.
    """
    names = request.records.names
    if names is None:
        names = (request.records.text.removeprefix("$.").split(".")[0].split("[")[0], "")
    holder: Any = body
    fault = ""
    for name in names[:-1] if len(names) > 1 else names:
        if not isinstance(holder, dict) or name not in holder:
            has = ", ".join(list(body)[:10]) if isinstance(body, dict) else type(body).__name__
            fault = f"the answer has no {request.records.text}; it has {has or 'nothing'}"
            break
        holder = holder[name]
    found = [] if fault else request.records.all(body)
    if request.records.names is not None and found and not isinstance(found[0], list | None):
        fault = f"{request.records.text} is no list of records: {str(found[0])[:EXCERPT]}"
    if fault and page == 1:
        raise ConfigurationError(f"{place}: page 1: {fault}")
    if fault:
        raise KeyaccountsError(
            f"{place}: page {page}: {fault}. The pages before had it; nothing of it landed, run "
            "again"
        )
    return flat(found)


def flat(found: list[Any]) -> list[Any]:
    """Return records whether the path leads to each of them or to their list."""
    if len(found) == 1 and isinstance(found[0], list):
        return list(found[0])
    return [record for record in found if record is not None]
