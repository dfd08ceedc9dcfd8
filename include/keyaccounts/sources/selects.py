"""The SQL that is sent to a database: the mapping's own select with columns and window around."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from keyaccounts.sources.base import Window
from keyaccounts.sources.mapping import Line, Mapping

Literal = Callable[[datetime], str]
Quote = Callable[[str], str]


@dataclass(frozen=True)
class Select:
    """SQL, and where in it the select of the mapping starts."""

    sql: str
    mapping: Mapping
    is_feed: bool
    start: int

    def place_of(self, position: int | None) -> Line:
        """Return the line of `sources.yml` for a character of the SQL, counted from 0."""
        statement = self.mapping.statement(is_feed=self.is_feed)
        within = -1 if position is None else position - self.start
        inside = 0 <= within <= len(statement.text)
        return statement.place_of(within) if inside else self.mapping.place


def select_of(
    mapping: Mapping,
    what: str,
    window: Window,
    quote: Quote,
    literal: Literal,
    *,
    is_feed: bool = False,
    limit: int | None = None,
) -> Select:
    """Return `select <what>` over the rows of a mapping in a window."""
    cursor = quote(mapping.columns.get(mapping.cursor, mapping.cursor))
    bounds = []
    if window.start is not None:
        bounds.append(f"{cursor} >= {literal(window.start)}")
    if window.end is not None:
        bounds.append(f"{cursor} < {literal(window.end)}")
    head = f"select {what} from (\n"
    where = f" where {' and '.join(bounds)}" if bounds else ""
    tail = f" limit {limit}" if limit is not None else ""
    text = mapping.statement(is_feed=is_feed).text
    return Select(f"{head}{text}\n) s{where}{tail}", mapping, is_feed, len(head))


def listed(mapping: Mapping, columns: list[str], quote: Quote) -> str:
    """Return columns of the contract as the database calls them, each with its contract name."""
    return ", ".join(f"{quote(mapping.columns.get(c, c))} as {quote(c)}" for c in columns)


def in_contract_names(mapping: Mapping, found: dict[str, str]) -> dict[str, str]:
    """Return the columns of a table under their names in the contract, the unmapped ones last."""
    if not mapping.columns:
        return found
    named = {c: found[there] for c, there in mapping.columns.items() if there in found}
    rest = {n: kind for n, kind in found.items() if n not in mapping.columns.values()}
    return named | {n: kind for n, kind in rest.items() if n not in named}
