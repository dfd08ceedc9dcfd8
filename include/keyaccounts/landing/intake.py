"""Land what a system of `sources.yml` says: all rows, or what moved, and what vanished.

Everything is read through one state of the system. A load is committed by one rename at the end, so
a connection that breaks leaves nothing, and the next run reads the same window again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from keyaccounts.landing import delta, reconcile
from keyaccounts.landing.arriving import (
    Kept,
    open_batches,
    read_while_arriving,
    refuse_other_count,
    write_batches,
)
from keyaccounts.landing.checked import Landed, refuse_bad_share
from keyaccounts.landing.drift import (
    FEW,
    confirm_losses,
    drift,
    refuse_changed_types,
    refuse_unparsed,
    types_that_came,
    unknown_columns,
)
from keyaccounts.landing.loads import loads_in_play
from keyaccounts.landing.parts import forget_parts, read_parts
from keyaccounts.landing.plan import (
    Intake,
    Plan,
    checked_columns,
    entity_of,
    make_plan,
    newest_number,
    widened,
)
from keyaccounts.landing.positions import Position, read_position, write_position
from keyaccounts.landing.write import Fetched, commit, drafted, judge_rows, write_good_rows
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.base import ALL, Source, Window
from keyaccounts.sources.files import Incoming
from keyaccounts.sources.mapping import Mapping

INCOMING = "incoming.parquet"


def land_from(
    settings: Settings,
    run: Run,
    mapping: Mapping,
    source: Source,
    *,
    allow_empty: bool = False,
    reload: bool = False,
) -> Landed:
    """Read one entity from an open system and land it.

    `reload` reads all rows of an incremental entity again; `allow_empty` confirms that its rows
    are gone. Raises SourceRefusedError when columns, rows or their number are not to be trusted.
    """
    told = {"allow_empty": allow_empty}
    landed, is_of_parts = _land_from(settings, run, mapping, source, told, reload)
    if not is_of_parts:
        return landed
    forget_parts(settings, mapping.entity)
    # Parts may be of different states: what changed and vanished meanwhile comes at once.
    after, _ = _land_from(settings, run, mapping, source, told, False)
    notes = [*landed.notes, *after.notes]
    return replace(landed, load=after.load, deleted=after.deleted, notes=notes)


def _land_from(
    settings: Settings,
    run: Run,
    mapping: Mapping,
    source: Source,
    told: dict[str, bool],
    reload: bool,
) -> tuple[Landed, bool]:
    name = mapping.entity
    with drafted(settings, name) as (con, draft):
        loads = loads_in_play(settings, name)
        entity = entity_of(mapping)
        intake = Intake(settings, run, mapping, source, entity, loads, con, draft, **told)
        types = checked_columns(mapping, entity, source)
        plan = make_plan(intake, types, reload)
        found = reconcile.NOTHING
        if plan.reconciles:
            found = reconcile.compare(con, entity, mapping, source, loads, types, draft)
            plan = widened(plan, found)
        return _take(intake, plan, types, found), plan.in_parts


def _take(intake: Intake, plan: Plan, types: dict[str, str], found: reconcile.Found) -> Landed:
    mapping, con = intake.mapping, intake.con
    is_full = plan.mode == "full"
    counted: dict[str, int] | None
    if is_full:
        fetched, incoming, landed, plan = _take_all(intake, plan, types)
        # Of parts of different states the source has no one number.
        counted = None if plan.in_parts else delta.count_full(con)
    else:
        read_types = intake.source.columns(mapping, is_feed=True) if plan.is_feed else types
        file = intake.draft / INCOMING
        fetched = _fetch(intake, plan, read_types, plan.window, file)
        # What is known to be held back is left out of a window.
        known = reconcile.not_held(con, intake.entity, intake.loads)
        incoming = open_batches(con, mapping, [file], read_types, known)
        entity = entity_of(mapping, is_feed=plan.is_feed)
        parent = mapping.requests.parent if mapping.requests else None
        if parent is not None:
            reconcile.add_gone_of_parents(
                con, entity, intake.loads, parent, intake.source.parents(),
                is_compared=plan.reconciles,
            )  # fmt: skip
        landed = delta.write(
            con, intake.settings, entity, incoming, intake.loads, intake.draft,
            is_feed=plan.is_feed, has_gone=plan.reconciles or parent is not None,
        )  # fmt: skip
        counted = None
        if plan.reconciles:
            counted = reconcile.conclude(con, intake.entity, mapping)
            reconcile.write_gone(con, intake.settings, intake.entity, intake.loads)
    types = types_that_came(intake, types, fetched, is_full)
    if mapping.requests is not None:
        refuse_unparsed(intake)
    landed = replace(
        landed,
        source_rows=fetched.rows,
        unknown_columns=unknown_columns(intake, types),
        notes=[*plan.notes, *drift(intake, types)],
    )
    if is_full or landed.quarantined >= FEW:
        refuse_bad_share(intake.settings, incoming, landed)
    refuse_changed_types(intake, types)
    is_emptied = confirm_losses(intake, is_full, landed, found)
    # Read before there is a new load: the position is that of the newest one.
    before = read_position(intake.settings, mapping.entity)
    landed = _commit(intake, plan, incoming, types, landed, is_emptied)
    day: date | None = intake.run.as_of_date
    if counted is None:
        day = before.reconciled_on if before else None
    write_position(
        intake.settings,
        mapping.entity,
        Position(
            load=landed.load,
            as_of_date=intake.run.as_of_date,
            covered_to=plan.covered_to,
            reconciled_on=day,
            **(counted or {}),
        ),
    )
    return landed


def _take_all(
    intake: Intake, plan: Plan, types: dict[str, str]
) -> tuple[Fetched, Incoming, Landed, Plan]:
    """Read and check all rows: while they arrive, or from the files of the parts."""
    con, entity, draft = intake.con, intake.entity, intake.draft
    if plan.in_parts:
        fetched, files, plan = _fetch_parts(intake, plan, types)
        incoming = open_batches(con, intake.mapping, files, types)
        write_good_rows(con, intake.settings, entity, incoming, draft)
    else:
        fetched = _fetch_good_rows(intake, types, draft / INCOMING)
        incoming = open_batches(con, intake.mapping, [draft / INCOMING], types)
    landed = judge_rows(con, intake.settings, entity, incoming, draft, fetched)
    return fetched, incoming, landed, plan


def _fetch_good_rows(intake: Intake, types: dict[str, str], file: Path) -> Fetched:
    """Check rows and write the good ones while they come; all of them are kept in `file`."""

    def write(incoming: Incoming) -> None:
        write_good_rows(intake.con, intake.settings, intake.entity, incoming, intake.draft)

    mapping, source = intake.mapping, intake.source
    expected = source.count(mapping, ALL)
    with source.batches(mapping, _wanted(intake, types), ALL) as reader:
        kept = Kept(mapping, reader, file)
        read_while_arriving(intake.con, kept, types, write)
    refuse_other_count(mapping, expected, kept.fetched)
    return kept.fetched


def _fetch(
    intake: Intake, plan: Plan, types: dict[str, str], window: Window, file: Path
) -> Fetched:
    """Write what a window holds into a file as it comes; return what it held."""
    mapping, source = intake.mapping, intake.source
    expected = source.count(mapping, window, is_feed=plan.is_feed)
    names = _wanted(intake, types)
    with source.batches(mapping, names, window, is_feed=plan.is_feed) as reader:
        fetched = write_batches(mapping, reader, file)
    refuse_other_count(mapping, expected, fetched)
    return fetched


def _wanted(intake: Intake, types: dict[str, str]) -> list[str]:
    return [column.name for column in intake.entity.columns if column.name in types]


def _fetch_parts(
    intake: Intake, plan: Plan, types: dict[str, str]
) -> tuple[Fetched, list[Path], Plan]:
    """Read all rows in parts; return what they held, their files, and how far they cover."""

    def read(window: Window, file: Path) -> tuple[int, dict[str, int]]:
        fetched = _fetch(intake, plan, types, window, file)
        return fetched.rows, fetched.nulls

    mapping, source = intake.mapping, intake.source
    assert mapping.partition is not None
    parts, kept = read_parts(
        intake.settings, mapping.entity, plan.digest, mapping.partition, source.bounds(mapping),
        source.taken_at, read,
    )  # fmt: skip
    nulls = {name: sum(part.nulls[name] for part in parts) for name in parts[0].nulls}
    note = f"read in {len(parts)} parts" + (f", {kept} of them before" if kept else "")
    covered_to = min(plan.covered_to, *(part.taken_at for part in parts))
    return (
        Fetched(sum(part.rows for part in parts), nulls),
        [part.file for part in parts],
        replace(plan, covered_to=covered_to, notes=(*plan.notes, note)),
    )


def _commit(
    intake: Intake,
    plan: Plan,
    incoming: Incoming,
    types: dict[str, str],
    landed: Landed,
    is_emptied: bool,
) -> Landed:
    if plan.mode != "full" and landed.rows == 0 and landed.quarantined == 0:
        return replace(landed, load=newest_number(intake), is_new=False)
    reconcile.write_held(intake.con, intake.entity, incoming, intake.draft)
    start = plan.window.start
    facts = {
        "mode": plan.mode,
        "mapping": plan.digest,
        "types": types,
        "read_at": intake.source.taken_at.isoformat(),
        "window": {
            "from": start.isoformat() if start else None,
            "to": plan.covered_to.isoformat(),
        },
        "source_rows": landed.source_rows,
        "unchanged": landed.unchanged,
        "deleted": landed.deleted,
        "is_emptied": is_emptied,
    }
    return commit(
        intake.con, intake.settings, intake.run, intake.entity, incoming, landed, intake.draft,
        facts, (reconcile.HELD,),
    )  # fmt: skip
