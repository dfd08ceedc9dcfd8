"""What the tiers of closed months were when they were first published.

Not remembered but derived: the loads that counted at a closing (`landing/closings.py`), today's
rules and models, and the day of the closing give the values of then. The publication that is a
closing leaves them below `warehouse/first_published`, so a night builds nothing twice; after a
change of rules or models, or when they were deleted, the tiers alone are built again from the
loads of then. Same rules and same models on both sides: a change of either restates nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import CONTRACT_FILE
from keyaccounts.landing import changes, closings, resolve
from keyaccounts.landing.closings import Closing
from keyaccounts.landing.loads import Load, in_play
from keyaccounts.settings import Run, Settings

TIERS, UNITS, VERDICT = "tiers.parquet", "units.parquet", "verdict"
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


def basis_of(settings: Settings, project_hash: str) -> str:
    """Return a name for all that the values rest on beside loads and day."""
    files = [Path(str(module.__file__)) for module in (changes, resolve)]
    files += [Path(__file__), Path(__file__).with_name("landing_schema.py"), CONTRACT_FILE]
    given = [settings.base_currency, settings.timezone, str(settings.max_rate_age_days)]
    texts = [file.read_text("utf-8") for file in files]
    return _digest([duckdb.__version__, settings.engine, project_hash, *given, *texts])


def first_published(
    settings: Settings, run: Run, basis: str, verdict: Path, build: BuildTiers, log: Log
) -> FirstPublished:
    """Return what the month-ends up to the run's day were first published as.

    Values that are not there are built, one closing after the other; what no closing needs is
    removed. A closing whose loads are gone cannot be compared with: the log names it.
    """
    store = _Store(settings, basis)
    known = [closing for closing in closings.closings(settings) if store.is_whole(closing, log)]
    now = closings.newest_loads(settings)
    first = {
        day: closing
        for day, closing in closings.first_closings(known, run.as_of_date).items()
        # The same loads on the same day say the same.
        if (closing.loads, closing.as_of_date) != (now, run.as_of_date)
    }
    needed = [closing for closing in known if closing in first.values()]
    for position, closing in enumerate(needed, 1):
        if not store.values(closing).is_dir():
            log(f"  first published values {_span(closing)} ({position} of {len(needed)})")
            with store.home_of(closing) as old:
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
        _Store(settings, state["basis"]).keep(closing, settings.warehouse, verdict, known)


def _span(closing: Closing) -> str:
    first, last = closing.month_ends[0], closing.month_ends[-1]
    return f"of {first:%Y-%m}" + (f" to {last:%Y-%m}" if last > first else "")


def _steps(
    store: _Store, needed: list[Closing], now: dict[str, int], verdict: Path, log: Log
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
            found.append((closing.number, store.step(before, after, until, log)))
    return found


@dataclass(frozen=True)
class _Store:
    """The derived files of one home, on one basis."""

    settings: Settings
    basis: str

    @property
    def folder(self) -> Path:
        return self.settings.home / "warehouse" / "first_published"

    def is_whole(self, closing: Closing, log: Log) -> bool:
        """Whether all its loads are there."""
        is_there = closings.landed_then(self.settings, closing.loads) is not None
        if not is_there:
            log(
                f"  loads of the closing {closing.as_of_date} are gone: it is compared with nothing"
            )
        return is_there

    def values(self, closing: Closing) -> Path:
        """Return the folder of its values, there or not."""
        return self.folder / f"values-{self._state(closing.loads, str(closing.as_of_date))}"

    def _loads(self, loads: dict[str, int]) -> list[Load]:
        return closings.landed_then(self.settings, loads) or []

    def _state(self, loads: dict[str, int], *more: str) -> str:
        hashes = [
            f"{load.entity}/{load.number}/{load.manifest['content_hash']}"
            for load in self._loads(loads)
        ]
        return _digest([self.basis, *more, *hashes])[:24]

    @contextmanager
    def home_of(self, closing: Closing) -> Iterator[Settings]:
        """Yield a home that holds what had landed then, and nothing else."""
        home = self.folder / "home_then"
        shutil.rmtree(home, ignore_errors=True)
        for load in self._loads(closing.loads):
            place = home / "landing" / load.entity / load.folder.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(load.folder.absolute(), target_is_directory=True)
        try:
            # What was published then had been accepted: it is not refused now.
            yield replace(self.settings, home=home, max_quarantine_share=1.0)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def keep(self, closing: Closing, warehouse: Path, verdict: Path, known: list[Closing]) -> None:
        """Keep the values of the month-ends that it may be the first publication of."""
        days = closings.first_published_by(closing, known)
        listed = ", ".join(f"date '{day}'" for day in days)
        place = self.values(closing)
        draft = place.with_name(f".new-{place.name}")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(verdict, draft / VERDICT)
        con = duckdb.connect(str(warehouse), read_only=True)
        try:
            con.execute(
                "copy (select month_end, tier_unit_id, ttm_net_revenue_amount, ttm_profit_amount, "
                f"tier from marts.account_tiers where month_end in ({listed}) order by all) "
                f"to '{draft / TIERS}' (format parquet)"
            )
            con.execute(
                "copy (select months.month_end, units.account_id, units.tier_unit_id "
                "from intermediate.int_identity__account_units as units "
                "join intermediate.int_calendar__month_ends as months using (epoch_date) "
                f"where not units.is_internal and months.month_end in ({listed}) order by all) "
                f"to '{draft / UNITS}' (format parquet)"
            )
        finally:
            con.close()
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)

    def step(
        self,
        before: tuple[dict[str, int], Path],
        after: tuple[dict[str, int], Path],
        until: date,
        log: Log,
    ) -> Path:
        """Return the file of the documents that differ between two states: loads and verdict."""
        name = f"changes-{self._state(after[0], self._state(before[0]), str(until))}"
        file = self.folder / f"{name}.parquet"
        if not file.is_file():
            log(f"  documents up to {until} that came, changed or went since")
            draft = self.folder / f".new-{name}"
            states = [
                changes.State(self._in_play(loads), verdict) for loads, verdict in (before, after)
            ]
            changes.write_changes(self.settings, states[0], states[1], until, draft)
            draft.rename(file)
        return file

    def _in_play(self, loads: dict[str, int]) -> dict[str, list[Load]]:
        landed = self._loads(loads)
        return {
            entity: in_play([load for load in landed if load.entity == entity])
            for entity in changes.KEYS
        }

    def prune(self, known: list[Closing], steps: set[Path] | None) -> None:
        """Remove what no closing needs; with `steps` None all of those stay."""
        kept = {self.values(closing) for closing in known} | (steps or set())
        for path in sorted(self.folder.glob("*")):
            is_step = path.name.startswith("changes-")
            if path not in kept and not (is_step and steps is None):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
