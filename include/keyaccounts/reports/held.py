"""What is held back, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keyaccounts.landing.quarantine import Reason

WIDTH = 60


def reason_lines(reasons: list[Reason]) -> Iterator[str]:
    """Yield a line for each entity and each of its reasons."""
    if not reasons:
        yield "no row is held back"
    entity = None
    for found in reasons:
        if found.entity != entity:
            entity = found.entity
            yield entity
        what = "the line" if found.column == "*" else f"column {found.column}"
        yield (
            f"  {found.rows} rows, {what}: {found.reason} (held by {found.held_by}; first seen "
            f"{found.first_seen}, last seen {found.last_seen})"
        )


def row_lines(rows: list[dict[str, Any]], limit: int) -> Iterator[str]:
    """Yield a line for each row and reason, at most `limit`."""
    if not rows:
        yield "no row is held back"
    for row in rows[:limit]:
        key = "" if row["row_key"] is None else f" ({row['row_key']})"
        column = "" if row["column_name"] == "*" else f", column {row['column_name']}"
        value = "" if row["value"] is None else f"{_short(row['value'])!r} "
        yield f"{row['place']}{key}{column}: {value}{row['reason']} (since {row['first_seen']})"
    if len(rows) > limit:
        yield f"and {len(rows) - limit} more: --rows {len(rows)}"


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
