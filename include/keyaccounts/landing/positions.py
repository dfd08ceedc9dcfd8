"""How far each source has been read, and what it counted: beside the landing, not of it.

A position can be deleted: the next run then reads from what the newest loads say of themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from keyaccounts.landing.loads import Load, all_loads, loads_in_play
from keyaccounts.settings import Settings


@dataclass(frozen=True)
class Position:
    """What the last extraction of an entity said.

    `covered_to` is the instant up to which changes have been read. `live` rows of the source are
    known when all of its keys were seen; `held` of them are held back.
    """

    load: int
    as_of_date: date
    covered_to: datetime | None
    reconciled_on: date | None
    live: int | None = None
    held: int = 0


def read_position(settings: Settings, entity: str) -> Position | None:
    """Return the position, from the loads where it is missing or of another landing."""
    loads = all_loads(settings, entity)
    if not loads:
        return None
    try:
        found = _parsed(json.loads(_file(settings, entity).read_text("utf-8")))
        if found.load == loads[-1].number:
            return found
    except (FileNotFoundError, ValueError, KeyError):
        # Nothing that the loads do not say, too.
        pass
    return _by_loads(loads, loads_in_play(settings, entity))


def write_position(settings: Settings, entity: str, position: Position) -> None:
    """Keep a position; whole or not at all."""
    file = _file(settings, entity)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(asdict(position), indent=1, default=_plain), encoding="utf-8")
    draft.replace(file)


def _file(settings: Settings, entity: str) -> Path:
    return settings.home / "sources" / f"{entity}.json"


def _plain(value: date) -> str:
    return value.isoformat()


def _parsed(facts: Mapping[str, Any]) -> Position:
    day = facts["reconciled_on"]
    return Position(
        load=facts["load"],
        as_of_date=date.fromisoformat(facts["as_of_date"]),
        covered_to=_instant(facts["covered_to"]),
        reconciled_on=date.fromisoformat(day) if day else None,
        live=facts["live"],
        held=facts["held"],
    )


def _by_loads(loads: list[Load], in_play: list[Load]) -> Position:
    ends = [load.manifest["window"]["to"] for load in in_play if "mapping" in load.manifest]
    instants = [instant for end in ends if (instant := _instant(end))]
    return Position(
        load=loads[-1].number,
        as_of_date=date.fromisoformat(loads[-1].manifest["as_of_date"]),
        covered_to=max(instants, default=None),
        reconciled_on=None,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
