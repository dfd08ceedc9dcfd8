"""Check what is held back again: by the rules of today, and by all that has landed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from keyaccounts.contract import Entity, load_contract
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.checked import BAD_ROWS_SCHEMA, create_checked_view, mask, summary
from keyaccounts.landing.loads import HELD_ROWS, ROWS, Load, loads_in_play
from keyaccounts.landing.positions import read_position, write_position
from keyaccounts.landing.quarantine import LANDING, Reason, held_now, reasons, remember
from keyaccounts.landing.resolve import resolve
from keyaccounts.landing.rules import rules_of
from keyaccounts.landing.write import commit, drafted, next_number
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.files import Incoming, Place, types_of


def retry(
    settings: Settings, run: Run, entity: str | None, log: Callable[[str], None]
) -> dict[str, Any]:
    """Check what is held back again, by the rules of today and by all rows that have landed.

    Returns how many rows were let go, and the reasons before and after.
    """
    before = reasons(settings)
    names = [entity] if entity else list(dict.fromkeys(r.entity for r in before))
    landed = {name: check_again(settings, run, name, log) for name in names}
    try:
        resolve(settings)
    except SourceRefusedError as error:
        log(f"  {error}")
    after = remember(settings, run)
    for line in _changes(before, after):
        log(f"  {line}")
    return {
        "landed": sum(landed.values()),
        "before": [asdict(found) for found in before],
        "after": [asdict(found) for found in after],
    }


def _changes(before: list[Reason], after: list[Reason]) -> Iterator[str]:
    """Say for each reason how many rows it held back, and holds back now."""
    counts = {(r.entity, r.column, r.reason): [r.rows, 0] for r in before}
    for found in after:
        counts.setdefault((found.entity, found.column, found.reason), [0, 0])[1] = found.rows
    for (entity, column, reason), (was, now) in counts.items():
        yield f"{entity}, column {column}: {reason}: {was} rows before, {now} now"


def check_again(settings: Settings, run: Run, name: str, log: Callable[[str], None]) -> int:
    """Check rows of an entity that the contract held back by the rules of today; land the good.

    Returns how many landed. They are what their sources last said, as it was kept with the load.
    """
    entity = load_contract()[name]
    loads = loads_in_play(settings, name)
    with held_now(settings) as con:
        held = con.execute(
            "select distinct load, source_row from held where entity = ? and held_by = ? "
            "and source_row is not null order by all",
            [name, LANDING],
        ).fetchall()
    by_load: dict[int, list[int]] = {}
    for number, row in held:
        by_load.setdefault(number, []).append(row)
    landed = 0
    for load in loads:
        kept = load.folder / HELD_ROWS
        if load.number in by_load and kept.is_file():
            landed += _land_again(settings, run, entity, load, kept, by_load[load.number], log)
    return landed


def _land_again(
    settings: Settings,
    run: Run,
    entity: Entity,
    load: Load,
    kept: Path,
    held: list[int],
    log: Callable[[str], None],
) -> int:
    """Land the rows of one load that no rule holds back any more."""
    newest = loads_in_play(settings, entity.name)[-1].manifest
    with drafted(settings, entity.name) as (con, draft):
        con.execute("create temp table held_rows (_row bigint)")
        con.executemany("insert into held_rows values (?)", [[row] for row in held])
        con.execute(
            "create temp view incoming as select k.* from "
            f"read_parquet('{kept}') as k semi join held_rows using (_row)"
        )
        readings = load.manifest.get("readings", {})
        types = {n: t for n, t in types_of(con).items() if n not in readings.values()}
        place = Place.of(load.manifest)
        incoming = Incoming(place, types, is_text=False, readings=readings)
        rules = rules_of(entity, types)
        create_checked_view(con, entity, incoming, rules)
        number = next_number(settings, entity.name)
        columns = ", ".join(column.name for column in entity.columns)
        con.execute(
            f"copy (select {columns}, _row, {number}::integer as _load from checked "
            f"where (_broken & {mask(rules, holds_back=True)}) = 0) "
            f"to '{draft / ROWS}' (format parquet)"
        )
        con.execute(f"create temp table bad_rows ({BAD_ROWS_SCHEMA})")
        landed = summary(con, entity, incoming, number, draft)
        log(f"  {entity.name}, load {load.number}: {landed.rows} of {len(held)} rows are good now")
        if landed.rows:
            # The next night goes on from what the newest load says of itself.
            same = ("mapping", "types", "read_at", "window", "source_rows")
            facts = {name: newest[name] for name in same if name in newest}
            facts |= {"mode": "incremental", "parts": load.manifest.get("parts", [])}
            facts["held_by_load"] = load.number
            position = read_position(settings, entity.name)
            landed = commit(con, settings, run, entity, incoming, landed, draft, facts)
            if position is not None:
                held_still = max(position.held - landed.rows, 0)
                position = replace(position, load=landed.load, held=held_still)
                write_position(settings, entity.name, position)
        return landed.rows
