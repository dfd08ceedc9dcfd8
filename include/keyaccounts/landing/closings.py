"""What had landed when month-ends were first published: the loads by name, and no figure.

A night in which the source said nothing new lands nothing, and a load that was refused or failed
on its way was never published. So which loads a month-end was first published from is noted by
the step `publish`, beside the loads: at most once for each month-end and never again.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from keyaccounts.contract import load_contract
from keyaccounts.landing.loads import Load, all_loads
from keyaccounts.settings import Settings

FOLDER = "closings"
Landed = dict[str, list[Load]]


@dataclass(frozen=True)
class Closing:
    """One publication that was the first of a month-end. `number` counts from 1, in time.

    It described the month-ends from `month_ends_from` to `as_of_date`, by the loads up to the
    numbers in `loads` (by entity).
    """

    number: int
    as_of_date: date
    month_ends_from: date
    loads: dict[str, int]

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.number:06d}.json"

    @property
    def month_ends(self) -> list[date]:
        """The month-ends that it described."""
        return list(month_ends(self.month_ends_from, self.as_of_date))

    def describes(self, month_end: date) -> bool:
        """Whether it described a month-end."""
        return self.month_ends_from <= month_end <= self.as_of_date


def closings(settings: Settings) -> list[Closing]:
    """Return all closings, oldest first."""
    found = sorted((settings.landing / FOLDER).glob("*.json"))
    return [_read(int(file.stem), json.loads(file.read_text("utf-8"))) for file in found]


def _read(number: int, facts: dict[str, object]) -> Closing:
    return Closing(
        number,
        date.fromisoformat(str(facts["as_of_date"])),
        date.fromisoformat(str(facts["month_ends_from"])),
        dict(facts["loads"]),  # type: ignore[call-overload]
    )


def note_closing(
    settings: Settings, as_of_date: date, month_ends_from: date, loads: dict[str, int]
) -> Closing | None:
    """Note a publication when it is the first of one of its month-ends; return what was noted.

    Runs for its own day and for all later ones know it.
    """
    known = closings(settings)
    closing = Closing(
        known[-1].number + 1 if known else 1,
        as_of_date,
        month_ends_from,
        dict(sorted(loads.items())),
    )
    if not first_published_by(closing, known):
        return None
    folder = settings.landing / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "as_of_date": as_of_date.isoformat(),
        "month_ends_from": month_ends_from.isoformat(),
        "loads": closing.loads,
    }
    draft = folder / ".new"
    draft.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / closing.name)
    return closing


def first_published_by(closing: Closing, known: Iterable[Closing]) -> list[date]:
    """Return the month-ends whose first publication it is, for some day of a run.

    A run for D knows the publications up to D, so an earlier one takes a month-end away only
    where its own day is not later.
    """
    before = [
        other
        for other in known
        if other.number < closing.number and other.as_of_date <= closing.as_of_date
    ]
    return [day for day in closing.month_ends if not any(o.describes(day) for o in before)]


def first_closings(known: list[Closing], as_of_date: date) -> dict[date, Closing]:
    """Return for each month-end the first publication of it that a run for a day knows."""
    found: dict[date, Closing] = {}
    for closing in known:
        if closing.as_of_date <= as_of_date:
            for day in closing.month_ends:
                found.setdefault(day, closing)
    return found


def landed(settings: Settings) -> Landed:
    """Return all loads by entity, oldest first."""
    found = {name: all_loads(settings, name) for name in sorted(load_contract())}
    return {name: loads for name, loads in found.items() if loads}


def newest_loads(settings: Settings) -> dict[str, int]:
    """Return the number of the newest load of each entity that has landed."""
    return {name: loads[-1].number for name, loads in landed(settings).items()}


def landed_then(every: Landed, loads: dict[str, int]) -> list[Load] | None:
    """Return the loads up to the numbers given by entity; None when one of them is gone."""
    found: list[Load] = []
    for entity, number in sorted(loads.items()):
        then = [load for load in every.get(entity, []) if load.number <= number]
        if [load.number for load in then] != list(range(1, number + 1)):
            return None
        found += then
    return found


def month_ends(first: date, last: date) -> Iterator[date]:
    """Yield the last days of months from `first` to `last`, both inclusive."""
    day = first.replace(day=1)
    while (end := day.replace(day=monthrange(day.year, day.month)[1])) <= last:
        if end >= first:
            yield end
        day = end + timedelta(days=1)
