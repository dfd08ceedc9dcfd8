"""What a bad row is, and what is wrong with a set of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

Why = Mapping[str, str]
WITHOUT_ROWS = frozenset({"assert_macros_mean_the_same_on_every_engine"})
"""Checks that read no table; `tests/dbt/test_engine_cases.py` sees them red."""


@dataclass(frozen=True)
class BadRow:
    """One bad input.

    `red` are the checks that exist to see it, `also` those that see it besides, with the reason.
    `do` are the SQL statements that lay it over good data, `rebuild` the models that are computed
    again afterwards, `observed` is what the check must say of it.
    """

    name: str
    red: frozenset[str]
    do: tuple[str, ...]
    also: Why = field(default_factory=dict)
    rebuild: tuple[str, ...] = ()
    observed: str = ""


def problems(
    checks: Iterable[str], rows: Iterable[BadRow], red_by: Callable[[BadRow], set[str]]
) -> list[str]:
    """Return what is wrong, a sentence each; [] when every check is red by its rows and no others.

    `red_by` lays a bad row over the data and returns the checks that fail.
    """
    rows = list(rows)
    known, shown = set(checks), {check for row in rows for check in row.red}
    found = [f"{check} has no bad row" for check in sorted(known - shown)]
    for row in rows:
        gone = (row.red | set(row.also)) - known
        found += [f"{row.name}: there is no check {check}" for check in sorted(gone)]
        wanted = (row.red | set(row.also)) & known
        red = red_by(row)
        found += [f"{row.name}: {check} stays green" for check in sorted(wanted - red)]
        found += [f"{row.name}: {check} is red, undeclared" for check in sorted(red - wanted)]
    return found
