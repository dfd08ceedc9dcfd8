"""Extraction: what is delivered lands, from files, databases and APIs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyaccounts.contract import REQUIRED_ENTITIES, load_contract
from keyaccounts.errors import ConfigurationError, SourceRefusedError
from keyaccounts.landing import all_loads, land
from keyaccounts.landing.checked import Landed
from keyaccounts.landing.compact import compact
from keyaccounts.landing.intake import land_from
from keyaccounts.landing.write import land_file
from keyaccounts.runs import Log, step
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.connect import Systems
from keyaccounts.sources.files import delivered_entities, stray_files

if TYPE_CHECKING:
    from keyaccounts.sources.mapping import Mapping, Sources


@dataclass(frozen=True)
class Told:
    """What a person told an extraction: entities whose rows may all be gone, or are read again."""

    allow_empty: frozenset[str] = frozenset()
    reload: frozenset[str] = frozenset()


NOTHING_TOLD = Told()


def _load_sources(file: Path) -> Sources:
    # The environment of Spark has no reader of YAML with lines, and reads no sources.
    from keyaccounts.sources.config import load_sources

    return load_sources(file)


def planned_entities(settings: Settings, log: Log = print) -> list[str]:
    """Return the entities to extract: those of `sources.yml`, or that the folder delivers.

    Files that are no entity, and entities that came before and do not come now, are named in the
    log. Raises SourceRefusedError when an entity that must exist is not delivered, and
    ConfigurationError when `sources.yml` is wrong.
    """
    if settings.sources is not None:
        found = list(_load_sources(settings.sources).mappings)
    else:
        found = _delivered(settings, log)
    for name in load_contract():
        if name not in found and all_loads(settings, name):
            log(f"  {name} is not delivered now: what landed before still counts")
    return found


def _delivered(settings: Settings, log: Log) -> list[str]:
    if settings.source is None:
        raise ConfigurationError(
            "no source is set: give --source DIR (KEYACCOUNTS_SOURCE) or --sources FILE "
            "(KEYACCOUNTS_SOURCES)"
        )
    found = delivered_entities(settings.source)
    missing = [name for name in REQUIRED_ENTITIES if name not in found]
    if missing:
        raise SourceRefusedError(
            f"the source folder {settings.source.name} has no {missing[0]}.csv or "
            f"{missing[0]}.parquet; {', '.join(REQUIRED_ENTITIES)} must exist"
        )
    for file, near in stray_files(settings.source):
        log(f"  {file} is no entity of the contract: ignored" + (f"; {near}?" if near else ""))
    return found


def extract(
    settings: Settings,
    run: Run,
    entity: str,
    log: Log = print,
    *,
    systems: Systems | None = None,
    told: Told = NOTHING_TOLD,
) -> dict[str, Any]:
    """Land one entity; return its counts, bytes, seconds, what was held back, and examples.

    `systems` are those of `sources.yml` that are open already: what is read through them is one
    state of each system. Without them a system is opened for this entity alone.
    """
    if entity not in load_contract():
        raise ConfigurationError(f"{entity} is no entity of the contract")
    started = time.monotonic()
    with step(settings, run, f"extract {entity}", log, lock=f"extract-{entity}"):
        landed = _landed(settings, run, entity, systems, told)
        seconds = time.monotonic() - started
        compact(settings, entity)
    new = landed.load if landed.is_new else None
    files = [load.rows_file for load in all_loads(settings, entity) if load.number == new]
    size = sum(file.stat().st_size for file in files)
    fresh = "" if landed.is_new else f" (as in load {landed.load}, not written again)"
    gone = f", {landed.deleted} gone" if landed.deleted else ""
    known = f", {landed.unchanged} known" if landed.unchanged else ""
    log(
        f"  {entity}: {landed.rows} rows, {landed.quarantined} held back{gone}{known}{fresh}; "
        f"{size / 1e6:,.2f} MB, {landed.read / seconds:,.0f} rows/s"
    )
    for example in landed.examples:
        log(f"    {example}")
    for note in landed.notes:
        log(f"    {note}")
    if landed.source_rows is None:
        for name in landed.unknown_columns:
            log(f"    column {name} is not in the contract: ignored")
    return asdict(landed) | {"bytes": size, "seconds": round(seconds, 3)}


def _landed(
    settings: Settings, run: Run, entity: str, systems: Systems | None, told: Told
) -> Landed:
    if settings.sources is None:
        return land(settings, run, entity)
    mapping = _load_sources(settings.sources).mapping(entity)
    if mapping.system.kind == "files":
        return _landed_files(settings, run, mapping, told)
    with (
        nullcontext(systems) if systems else Systems() as opened,
        opened.source(mapping.system) as source,
    ):
        return land_from(
            settings, run, mapping, source,
            allow_empty=entity in told.allow_empty, reload=entity in told.reload,
        )  # fmt: skip


def _landed_files(settings: Settings, run: Run, mapping: Mapping, told: Told) -> Landed:
    # Excel and the rest of it are read by nobody who has contract files alone.
    from keyaccounts.landing.filed import land_files
    from keyaccounts.sources.folder import contract_folder

    entity = mapping.entity
    if mapping.file is not None:
        return land_files(
            settings, run, mapping,
            allow_empty=entity in told.allow_empty, reload=entity in told.reload,
        )  # fmt: skip
    try:
        with contract_folder(mapping) as folder:
            return land_file(settings, run, entity, folder)
    except SourceRefusedError as error:
        raise SourceRefusedError(f"{mapping.place}: {error}") from error


def extract_all(
    settings: Settings,
    run: Run,
    entities: Sequence[str] | None = None,
    log: Log = print,
    told: Told = NOTHING_TOLD,
) -> list[dict[str, Any]]:
    """Land the planned entities, or those given, each system in one state for all of them."""
    with Systems() as systems:
        return [
            extract(settings, run, entity, log, systems=systems, told=told)
            for entity in entities or planned_entities(settings, log)
        ]
