"""What the tiers of closed months were when they were first published.

Not remembered but derived: the loads that counted at a closing (`landing/closings.py`), today's
rules and models, and the day of the closing give the values of then. The publication that is a
closing leaves them below `warehouse/first_published`, so a night builds nothing twice; after a
change of rules or models, or when they were deleted, the tiers alone are built again from the
loads of then. Same rules and same models on both sides: a change of either restates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.errors import KeyaccountsError
from keyaccounts.landing import closings, resolve
from keyaccounts.landing.closings import Closing
from keyaccounts.settings import Run, Settings
from keyaccounts.warehouse.closing_values import VERDICT, ClosingValues

Log = Callable[[str], None]
BuildTiers = Callable[[Settings, date], Path]
"""Builds `account_tiers` and all it rests on in a home, as of a day; gives the verdict's folder."""


@dataclass(frozen=True)
class FirstPublished:
    """What a run compares with.

    `month_ends` names the closing of each month-end that may have been restated, `values` the
    folder of each closing, `steps` the changes of documents from each closing to the next of them,
    the last one to now.
    """

    month_ends: dict[date, Closing] = field(default_factory=dict)
    values: dict[int, Path] = field(default_factory=dict)
    steps: list[tuple[int, Path]] = field(default_factory=list)


NOTHING = FirstPublished()


def first_published(
    settings: Settings, run: Run, basis: str, verdict: Path, build: BuildTiers, log: Log
) -> FirstPublished:
    """Return what the month-ends up to the run's day were first published as.

    Values that are not there are built, one closing after the other; what no closing needs is
    removed. A closing whose loads are gone cannot be compared with: the log names it.
    """
    every = closings.landed(settings)
    store = ClosingValues(settings, basis, every)
    known = closings.closings(settings)
    gone = [closing for closing in known if closings.landed_then(every, closing.loads) is None]
    for closing in gone:
        log(f"  loads of the closing {closing.as_of_date} are gone: it is compared with nothing")
    now = {name: loads[-1].number for name, loads in every.items()}
    first = {
        day: closing
        for day, closing in closings.first_closings(known, run.as_of_date).items()
        # The same loads on the same day say the same.
        if closing not in gone and (closing.loads, closing.as_of_date) != (now, run.as_of_date)
    }
    needed = [closing for closing in known if closing in first.values()]
    for position, closing in enumerate(needed, 1):
        if not store.values(closing).is_dir():
            log(f"  first published values {_span(closing)} ({position} of {len(needed)})")
            with store.home_of(closing) as old, _told(closing):
                then = build(old, closing.as_of_date)
                store.keep(closing, old.warehouse, then, known)
    steps = _steps(store, needed, now, verdict, log)
    is_newest = all(closing.as_of_date <= run.as_of_date for closing in known)
    store.prune(known, {file for _, file in steps} if is_newest else None)
    return FirstPublished(first, {c.number: store.values(c) for c in needed}, steps)


def close(settings: Settings, state: dict[str, Any], month_ends_from: str | None) -> None:
    """Note the publication of the built warehouse when it is a first one, and keep its values.

    `state` is what the step `build` says of the warehouse, `month_ends_from` its first month-end
    with tiers, None when there is none.
    """
    if month_ends_from is None:
        return
    day = date.fromisoformat(state["variables"]["as_of_date"])
    first = date.fromisoformat(month_ends_from)
    closing = closings.note_closing(settings, day, first, state["loads"])
    verdict = resolve.folder_of(settings, state["landing"])
    if closing is not None and verdict.is_dir():
        known = closings.closings(settings)
        store = ClosingValues(settings, state["basis"], closings.landed(settings))
        store.keep(closing, settings.warehouse, verdict, known)


@contextmanager
def _told(closing: Closing) -> Iterator[None]:
    """Say of an error that it is not tonight's data, and what to do when it stays."""
    try:
        yield
    except (KeyaccountsError, duckdb.Error, OSError) as error:
        # A load that cannot be read is an error of the engine.
        kind = type(error) if isinstance(error, KeyaccountsError) else KeyaccountsError
        raise kind(
            f"values first published as of {closing.as_of_date} cannot be had from the loads of "
            f"then: {error}. Without landing/{closings.FOLDER}/{closing.name} nothing is compared "
            "with them"
        ) from error


def _span(closing: Closing) -> str:
    first, last = closing.month_ends[0], closing.month_ends[-1]
    return f"of {first:%Y-%m}" + (f" to {last:%Y-%m}" if last > first else "")


def _steps(
    store: ClosingValues, needed: list[Closing], now: dict[str, int], verdict: Path, log: Log
) -> list[tuple[int, Path]]:
    found, until = [], date.min
    for closing, following in pairwise([*needed, None]):
        assert closing is not None
        until = max(until, closing.month_ends[-1])
        before = (closing.loads, store.values(closing) / VERDICT)
        after = (
            (following.loads, store.values(following) / VERDICT) if following else (now, verdict)
        )
        if before[0] != after[0]:
            with _told(closing):
                found.append((closing.number, store.step(before, after, until, log)))
    return found
