"""Land what a system of `sources.yml` says: all rows, or what moved, and what vanished.

Everything is read through one state of the system. A load is committed by one rename at the end, so
a connection that breaks leaves nothing, and the next run reads the same window again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from keyaccounts.contract import CONTRACT_VERSION, Entity, load_contract
from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from keyaccounts.landing import delta, reconcile
from keyaccounts.landing.checked import Landed, refuse_bad_share
from keyaccounts.landing.loads import Load, loads_in_play, rows_sql
from keyaccounts.landing.positions import Position, read_position, write_position
from keyaccounts.landing.write import commit, drafted, write_checked_rows
from keyaccounts.settings import Run, Settings, day_bounds
from keyaccounts.sources.base import ALL, Source, Window
from keyaccounts.sources.files import Incoming, Place, types_of
from keyaccounts.sources.mapping import Mapping

INCOMING = "incoming.parquet"
MANY = 100
"""From so many rows on, losing half of them overnight has to be confirmed."""


@dataclass(frozen=True)
class Plan:
    """What is read of an entity tonight, and why."""

    mode: str
    window: Window
    covered_to: datetime
    reconciles: bool
    is_feed: bool
    digest: str
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
    name = mapping.entity
    with drafted(settings, name) as (con, draft):
        loads = loads_in_play(settings, name)
        entity = entity_of(mapping)
        intake = Intake(settings, run, mapping, source, entity, loads, con, draft, allow_empty)
        types = checked_columns(mapping, entity, source)
        plan = _plan(intake, types, reload)
        found = reconcile.NOTHING
        if plan.reconciles:
            found = reconcile.compare(con, entity, mapping, source, loads, types, draft)
            plan = _widened(plan, found)
        return _take(intake, plan, types, found)


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
    _refuse_missing(mapping, entity, found, "the select" if not mapping.columns else "")
    if mapping.load != "full" and mapping.cursor not in found:
        raise ConfigurationError(
            f"{mapping.place}: {mapping.label}: the cursor {mapping.cursor} is no column of the "
            f"select; it has {', '.join(found)}"
        )
    if mapping.load == "changes":
        feed = source.columns(mapping, is_feed=True)
        keys = [*entity.keys, "updated_at", "is_deleted"]
        missing = [name for name in keys if name not in feed]
        if missing:
            raise ConfigurationError(
                f"{mapping.changes.place if mapping.changes else mapping.place}: {mapping.label}: "
                f"changes must have the columns {', '.join(keys)}; {', '.join(missing)} is missing"
            )
    return found


def _refuse_missing(mapping: Mapping, entity: Entity, found: dict[str, str], what: str) -> None:
    missing = [c.name for c in entity.columns if c.is_required and c.name not in found]
    if not missing:
        return
    place = mapping.column_places.get(missing[0], mapping.place)
    there = f"{what or 'the table'} has {', '.join(found)}"
    why = f"; load: {mapping.load} needs it" if missing == ["updated_at"] else ""
    raise SourceRefusedError(
        f"{place}: {mapping.label}: required column {', '.join(missing)} is missing{why}; {there}"
    )


def _plan(intake: Intake, types: dict[str, str], reload: bool) -> Plan:
    mapping, settings, run = intake.mapping, intake.settings, intake.run
    start, end = day_bounds(run.as_of_date, settings.timezone)
    digest = _digest(mapping, types)
    position = read_position(settings, mapping.entity)
    covered = position.covered_to if position else None
    # A night that reads ahead of its day does not cover what the day still brings.
    until = min(end, intake.source.taken_at)
    covered_to = max(until, covered) if covered else until
    full = Plan("full", ALL, covered_to, False, False, digest)
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
    is_due = mapping.reconcile_every_days > 0 and (
        position.reconciled_on is None
        or (run.as_of_date - position.reconciled_on).days >= mapping.reconcile_every_days
    )
    # A repeated run reconciles as the first one did.
    reconciles = not is_earlier_day and (is_due or position.reconciled_on == run.as_of_date)
    if mapping.load == "changes" and is_due and not is_earlier_day:
        return replace(full, notes=("compared with all rows of the source",))
    return Plan(
        "incremental", window, covered_to, reconciles and mapping.load == "incremental",
        mapping.load == "changes", digest,
    )  # fmt: skip


def _digest(mapping: Mapping, types: dict[str, str]) -> str:
    """Return a name for how rows are mapped: with another one, all rows are read again."""
    names = {column.name for column in load_contract()[mapping.entity].columns}
    facts = [
        CONTRACT_VERSION, mapping.load, mapping.cursor, mapping.columns,
        mapping.sql.text if mapping.sql else None,
        mapping.changes.text if mapping.changes else None,
        sorted(names & set(types)),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _widened(plan: Plan, found: reconcile.Found) -> Plan:
    """Return a plan that reads what the comparison of keys found to be missing."""
    if found.is_behind:
        note = "rows at the source are older than landed, or without updated_at: all are read again"
        return replace(plan, mode="full", window=ALL, reconciles=False, notes=(note,))
    start = plan.window.start
    if found.earliest is not None and start is not None and found.earliest < start:
        note = f"rows changed before the look-back: read from {found.earliest:%Y-%m-%d %H:%M} on"
        return replace(plan, window=Window(found.earliest, None), notes=(note,))
    return plan


def _take(intake: Intake, plan: Plan, types: dict[str, str], found: reconcile.Found) -> Landed:
    mapping, con = intake.mapping, intake.con
    is_full = plan.mode == "full"
    read_types = intake.source.columns(mapping, is_feed=True) if plan.is_feed else types
    source_rows = _fetch(intake, plan, read_types)
    incoming = _open(intake, is_full, read_types)
    if is_full:
        landed = write_checked_rows(con, intake.settings, intake.entity, incoming, intake.draft)
        counted: dict[str, int] | None = delta.count_full(con)
    else:
        entity = entity_of(mapping, is_feed=plan.is_feed)
        landed = delta.write(
            con, intake.settings, entity, incoming, intake.loads, intake.draft,
            is_feed=plan.is_feed, has_gone=plan.reconciles,
        )  # fmt: skip
        counted = reconcile.conclude(con, intake.entity, mapping) if plan.reconciles else None
    landed = replace(
        landed,
        source_rows=source_rows,
        unknown_columns=_unknown(intake, types),
        notes=[*plan.notes, *_drift(intake, types)],
    )
    refuse_bad_share(intake.settings, incoming, landed)
    _refuse_changed_types(intake, types)
    is_emptied = _confirm_losses(intake, is_full, landed, found)
    landed = _commit(intake, plan, incoming, types, landed, is_emptied)
    day: date | None = intake.run.as_of_date
    before = read_position(intake.settings, mapping.entity)
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


def _fetch(intake: Intake, plan: Plan, types: dict[str, str]) -> int:
    """Write what the window holds into the draft as it comes; return the number of its rows."""
    mapping, source = intake.mapping, intake.source
    names = [column.name for column in intake.entity.columns if column.name in types]
    expected = source.count(mapping, plan.window, is_feed=plan.is_feed)
    with source.batches(mapping, names, plan.window, is_feed=plan.is_feed) as reader:
        rows = write_batches(mapping, reader, intake.draft / INCOMING)
    if expected is not None and rows != expected:
        raise KeyaccountsError(
            f"{mapping.label}: the source counted {expected} rows and gave {rows}; nothing of it "
            "landed. Run again"
        )
    return rows


def write_batches(mapping: Mapping, reader: pa.RecordBatchReader, file: Path) -> int:
    """Write a stream of batches to a Parquet file, one at a time, and return its rows."""
    rows = 0
    try:
        with pq.ParquetWriter(
            file, reader.schema, compression="lz4", use_dictionary=False, write_statistics=False
        ) as writer:
            for batch in reader:
                rows += batch.num_rows
                writer.write_batch(batch)
    except pa.ArrowNotImplementedError as error:
        raise ConfigurationError(
            f"{mapping.place}: {mapping.label}: a column has a type that has no place in the "
            f"contract; cast it in the select ({error})"
        ) from error
    return rows


def _open(intake: Intake, is_full: bool, types: dict[str, str]) -> Incoming:
    """Create the view `incoming`; what is known to be held back is left out of a window."""
    return open_batches(
        intake.con,
        intake.mapping,
        intake.draft / INCOMING,
        types,
        "" if is_full else reconcile.not_held(intake.con, intake.entity, intake.loads),
    )


def open_batches(
    con: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    file: Path,
    types: dict[str, str],
    condition: str = "",
) -> Incoming:
    """Create the view `incoming` over what was fetched; `types` are those of the source."""
    con.execute(
        "create or replace temp view incoming as select * exclude (file_row_number), "
        f"file_row_number + 1 as _row from read_parquet('{file}', file_row_number = true) as i"
        + (f" where {condition}" if condition else "")
    )
    found = types_of(con)
    # Text, but written by the server: its numbers need no look at how they are spelt.
    found |= {name: "DECIMAL" for name in found if types.get(name) == "numeric"}
    return Incoming(Place(mapping.label, 0), found, is_text=False, is_keyed=True)


def _unknown(intake: Intake, types: dict[str, str]) -> list[str]:
    names = {intake.mapping.cursor, *(column.name for column in intake.entity.columns)}
    return [name for name in types if name not in names]


def _drift(intake: Intake, types: dict[str, str]) -> list[str]:
    """Say which columns came, went or changed their type since the newest load."""
    before = intake.before.get("types")
    if before is None:
        unknown = [] if intake.mapping.columns else _unknown(intake, types)
        return [f"column {name} is not in the contract: ignored" for name in unknown]
    names = {column.name for column in intake.entity.columns}
    notes = [f"column {n} is new at the source and not in the contract: ignored"
             for n in _unknown(intake, types) if n not in before]  # fmt: skip
    notes += [f"column {n} is gone at the source: it is null now"
              for n in before if n not in types and n in names]  # fmt: skip
    return notes + [
        f"column {n} was {before[n]} at the source and is {types[n]} now"
        for n in types
        if n in names and n in before and before[n] != types[n]
    ]


def _refuse_changed_types(intake: Intake, types: dict[str, str]) -> None:
    """A column of another type whose values do not parse is no matter of single rows."""
    before = intake.before.get("types", {})
    changed = [name for name in types if name in before and before[name] != types[name]]
    rows = intake.con.execute(
        "select column_name, place, value, rule from bad_rows "
        "where column_name = any(?) and rule like 'is not %' order by all limit 1",
        [changed],
    ).fetchall()
    for column, place, value, rule in rows:
        raise SourceRefusedError(
            f"{intake.mapping.label} is refused: column {column} was {before[column]} and is "
            f"{types[column]} now, and its values no longer parse. First: {place}: {value!r} "
            f"{rule}. Repair the source or cast in the select, {intake.mapping.place}"
        )


def _confirm_losses(intake: Intake, is_full: bool, landed: Landed, found: reconcile.Found) -> bool:
    """Refuse a source that lost all its rows, unless that is confirmed; return whether it did."""
    if is_full:
        is_loss = landed.rows == 0 and landed.quarantined == 0 and _had_rows(intake)
        what = f"the source has no row, load {self_number(intake)} had some"
    else:
        is_loss = found.gone > 0 and (
            found.gone == found.landed or (found.landed >= MANY and found.gone * 2 > found.landed)
        )
        what = f"{found.gone} of {found.landed} rows that landed are gone at the source"
    if is_loss and not intake.allow_empty:
        raise SourceRefusedError(
            f"{intake.mapping.label} is refused: {what}. If that is right, run again with "
            f"--allow-empty {intake.mapping.entity} (in Airflow: the parameter allow_empty)"
        )
    return is_loss


def self_number(intake: Intake) -> int:
    """Return the number of the newest load; 0 before the first."""
    return intake.loads[-1].number if intake.loads else 0


def _had_rows(intake: Intake) -> bool:
    if not intake.loads:
        return False
    return bool(
        intake.con.execute(
            f"select 1 from {rows_sql(intake.loads)} where is_deleted is not true limit 1"
        ).fetchall()
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
        return replace(landed, load=self_number(intake), is_new=False)
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
