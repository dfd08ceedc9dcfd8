"""What a suite is made of: measures (SQL) and what is expected of them (data)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROWS = "UnexpectedRowsExpectation"
VALUES = "ExpectColumnValuesToBeBetween"


@dataclass(frozen=True)
class Measure:
    """A small table computed once by `sql`; Great Expectations validates its rows."""

    name: str
    sql: str
    needs: tuple[str, ...] = ()
    """Entities or marts without which there is nothing to measure."""


@dataclass(frozen=True)
class Expectation:
    """One expectation on one measure.

    `reason` says why it blocks, or why it only warns; `action` what a person does about it.
    """

    name: str
    measure: str
    claim: str
    type: str
    kwargs: Mapping[str, object]
    blocks: bool
    reason: str
    action: str


@dataclass(frozen=True)
class Suite:
    """The expectations at one border."""

    name: str
    measures: tuple[Measure, ...]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation; `observed` is short and holds no personal data."""

    expectation: Expectation
    success: bool
    observed: str

    @property
    def message(self) -> str:
        """One line: what, observed, why it blocks or warns, what to do."""
        e = self.expectation
        verb = "blocks" if e.blocks else "warns"
        return f"{e.claim}: {self.observed}. It {verb} because {e.reason}. {e.action}"


def unexpected(found: str, where: str) -> dict[str, object]:
    """Return the arguments of an expectation that no row of the measure meets `where`.

    `found` is SQL for the sentence about such a row.
    """
    query = f"select {found} as found from {{batch}} where {where} order by found"
    return {"unexpected_rows_query": query}


def between(column: str, low: float | None = None, high: float | None = None) -> dict[str, object]:
    """Return the arguments of an expectation that a column lies in a range; null is not judged."""
    return {"column": column, "min_value": low, "max_value": high}
