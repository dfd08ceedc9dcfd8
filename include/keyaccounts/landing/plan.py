"""What is read of an entity tonight, and what the source must deliver for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import CONTRACT_VERSION, Entity, load_contract
from keyaccounts.errors import ConfigurationError, SourceRefusedError
from keyaccounts.landing import reconcile
from keyaccounts.landing.loads import Load
from keyaccounts.landing.positions import read_position
from keyaccounts.settings import Run, Settings, day_bounds
from keyaccounts.sources.base import ALL, Source, Window
from keyaccounts.sources.mapping import Mapping


@dataclass(frozen=True)
class Plan:
    """What is read of an entity tonight, and why."""

    mode: str
    window: Window
    covered_to: datetime
    reconciles: bool
    is_feed: bool
    digest: str
    in_parts: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intake:
    """One extraction under way."""

    settings: Settings
    run: Run
    mapping: Mapping
    source: Source
    entity: Entity
    loads: list[Load]
    con: duckdb.DuckDBPyConnection
    draft: Path
    allow_empty: bool

    @property
    def before(self) -> dict[str, Any]:
        """The manifest of the newest load that counts; {} when there is none."""
        return self.loads[-1].manifest if self.loads else {}


def entity_of(mapping: Mapping, *, is_feed: bool = False) -> Entity:
    """Return the entity as this mapping must deliver it: a moving row says when it moved."""
    entity = load_contract()[mapping.entity]
    if mapping.load == "full":
        return entity
    required = {"updated_at"} | ({"is_deleted"} if is_feed else set())
    return Entity(
        entity.name,
        tuple(replace(c, is_required=True) if c.name in required else c for c in entity.columns),
    )


def checked_columns(mapping: Mapping, entity: Entity, source: Source) -> dict[str, str]:
    """Return the delivered columns with their types; refuse where a required one is missing."""
    found = source.columns(mapping)
    what = "the table" if mapping.columns else "fields" if mapping.requests else "the select"
    refuse_missing(mapping, entity, found, what)
    if mapping.load != "full" and mapping.cursor not in found:
        raise ConfigurationError(
            f"{mapping.place}: {mapping.label}: the cursor {mapping.cursor} is no column of the "
            f"select; it has {', '.join(found)}"
        )
    if mapping.load == "changes" and mapping.requests is None:
        feed = source.columns(mapping, is_feed=True)
        keys = [*entity.keys, "updated_at", "is_deleted"]
        missing = [name for name in keys if name not in feed]
        if missing:
            raise ConfigurationError(
                f"{mapping.changes.place if mapping.changes else mapping.place}: {mapping.label}: "
                f"changes must have the columns {', '.join(keys)}; {', '.join(missing)} is missing"
            )
    return found


def unmapped_columns(mapping: Mapping, found: dict[str, str]) -> list[str]:
    """Say which columns of the mapping the table does not have; they stay null."""
    return [
        f"{mapping.column_places[name]}: the table has no column {there}: {name} is null"
        for name, there in mapping.columns.items()
        if name not in found
    ]


def refuse_missing(mapping: Mapping, entity: Entity, found: dict[str, str], what: str) -> None:
    """Raise SourceRefusedError where a required column is not among those found in `what`."""
    missing = [c.name for c in entity.columns if c.is_required and c.name not in found]
    if missing:
        place = mapping.column_places.get(missing[0], mapping.place)
        why = f"; load: {mapping.load} needs it" if missing == ["updated_at"] else ""
        raise SourceRefusedError(
            f"{place}: {mapping.label}: required column {', '.join(missing)} is missing{why}; "
            f"{what} has {', '.join(found)}"
        )


def make_plan(intake: Intake, types: dict[str, str], reload: bool) -> Plan:
    mapping, settings, run = intake.mapping, intake.settings, intake.run
    start, end = day_bounds(run.as_of_date, settings.timezone)
    digest = _digest(mapping, types)
    position = read_position(settings, mapping.entity)
    covered = position.covered_to if position else None
    # A night that reads ahead of its day does not cover what the day still brings.
    until = min(end, intake.source.taken_at)
    covered_to = max(until, covered) if covered else until
    in_parts = mapping.partition is not None
    full = Plan("full", ALL, covered_to, False, False, digest, in_parts)
    if mapping.load == "full" or not intake.loads:
        return full
    if reload:
        return replace(full, notes=("all rows are read again, as told",))
    if intake.before.get("mapping") != digest or covered is None or position is None:
        return replace(full, notes=("the mapping or its columns changed: all rows are read again",))
    is_earlier_day = end < covered
    window = Window(
        min(start, covered) - mapping.look_back,
        # What came after an earlier day has landed already.
        end if is_earlier_day else None,
    )
    last, every = position.reconciled_on, mapping.reconcile_every_days
    is_due = every > 0 and (last is None or (run.as_of_date - last).days >= every)
    # After a read in parts, once in any case.
    is_due = is_due or (mapping.partition is not None and last is None)
    # A repeated run reconciles as the first one did.
    reconciles = not is_earlier_day and (is_due or (every > 0 and last == run.as_of_date))
    if mapping.load == "changes" and is_due and not is_earlier_day:
        return replace(full, notes=("compared with all rows of the source",))
    return Plan(
        "incremental", window, covered_to, reconciles and mapping.load == "incremental",
        mapping.load == "changes", digest,
    )  # fmt: skip


def _digest(mapping: Mapping, types: dict[str, str]) -> str:
    """Return a name for how rows are mapped: with another one, all rows are read again."""
    names = {column.name for column in load_contract()[mapping.entity].columns}
    facts: list[Any] = [
        CONTRACT_VERSION, mapping.load, mapping.cursor, mapping.columns,
        mapping.sql.text if mapping.sql else None,
        mapping.changes.text if mapping.changes else None,
        sorted(names & set(types)),
    ]  # fmt: skip
    if mapping.requests is not None:
        facts.append(repr(mapping.requests.without_lines()))
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def widened(plan: Plan, found: reconcile.Found) -> Plan:
    """Return a plan that reads what the comparison of keys found to be missing."""
    if found.is_behind:
        note = "rows at the source are older than landed, or without updated_at: all are read again"
        return replace(plan, mode="full", window=ALL, reconciles=False, notes=(note,))
    start = plan.window.start
    if found.earliest is not None and start is not None and found.earliest < start:
        note = f"rows changed before the look-back: read from {found.earliest:%Y-%m-%d %H:%M} on"
        return replace(plan, window=Window(found.earliest, None), notes=(note,))
    return plan


def newest_number(intake: Intake) -> int:
    """Return the number of the newest load; 0 before the first."""
    return intake.loads[-1].number if intake.loads else 0
