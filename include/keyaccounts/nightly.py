"""The six steps in order, the run lock, the run manifest, progress.

Each step is a plain function of settings and run; the command line and the DAGs call these and
nothing else.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from keyaccounts.contract import REQUIRED_ENTITIES, load_contract
from keyaccounts.errors import (
    ConfigurationError,
    KeyaccountsError,
    RunInProgressError,
    SourceRefusedError,
)
from keyaccounts.landing import all_loads, land
from keyaccounts.landing.checked import Landed
from keyaccounts.landing.intake import land_from
from keyaccounts.landing.resolve import resolve
from keyaccounts.landing.write import land_file
from keyaccounts.publishing import publish as publish_marts
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.connect import Systems
from keyaccounts.sources.files import delivered_entities, stray_files
from keyaccounts.storage import push_published
from keyaccounts.warehouse import build as build_warehouse
from keyaccounts.warehouse import mark_audited

if TYPE_CHECKING:
    from keyaccounts.alerts.channels import Channel
    from keyaccounts.sources.mapping import Mapping, Sources

Log = Callable[[str], None]
STEPS = ("extract", "check-landing", "build", "check-marts", "publish", "notify")


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
    with _step(settings, run, f"extract {entity}", log, lock=f"extract-{entity}"):
        landed = _landed(settings, run, entity, systems, told)
    seconds = time.monotonic() - started
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


def check_landing(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Judge the landed rows against each other and the new loads against their past."""
    from keyaccounts.landing.quarantine import remember
    from keyaccounts.quality import check_landing as check

    with _step(settings, run, "check-landing", log):
        resolution = resolve(settings)
        for name, state in resolution.entities.items():
            if state.rejected or state.followers or state.nulled:
                log(
                    f"  {name}: {state.rejected} rows held back, {state.followers} with their "
                    f"document, made null {state.nulled or 0}"
                )
                for example in state.examples:
                    log(f"    {example}")
        held = remember(settings, run)
        if held:
            log(
                f"  {sum(r.rows for r in held)} rows are held back now: keyaccounts quarantine list"
            )
        checks = check(settings, run, log)
    return {
        "landing": resolution.fingerprint,
        "entities": {name: asdict(state) for name, state in resolution.entities.items()},
        "checks": checks,
    }


def retry_quarantine(
    settings: Settings, run: Run, entity: str | None = None, log: Log = print
) -> dict[str, Any]:
    """Check the rows that are held back again; what is good now is in the next build."""
    from keyaccounts.landing.retry import retry

    with _step(settings, run, "quarantine retry", log):
        return retry(settings, run, entity, log)


def build(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Build the warehouse with dbt and run the data tests."""
    _refuse_another_currency(settings)
    with _step(settings, run, "build", log):
        result = build_warehouse(settings, run, resolve(settings), log)
    return {
        "is_retry": result.is_retry,
        "models": [asdict(node) for node in result.models],
        "tests": {"passed": sum(node.status == "pass" for node in result.tests)},
    }


def _refuse_another_currency(settings: Settings) -> None:
    """A forgotten option must not put another currency's name on the same amounts."""
    version = current_version(settings)
    if version is None:
        return
    manifest = read_manifest(version)
    for name in ("base_currency", "timezone"):
        if manifest[name] != getattr(settings, name):
            raise ConfigurationError(
                f"{name} is {getattr(settings, name)}, but this home publishes {manifest[name]}: "
                f"give it again, or write it once into {settings.home.name}/keyaccounts.toml; "
                "another one needs a home of its own"
            )


def check_marts(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Audit the built marts before anybody sees them."""
    from keyaccounts.quality import check_marts as check
    from keyaccounts.quality.counts import check_counts

    with _step(settings, run, "check-marts", log):
        counts = check_counts(settings, run, resolve(settings), log)
        checks = check(settings, run, log)
        mark_audited(settings)
    return {"checks": checks, "counts": counts}


def publish(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Publish a version and move the pointer, then in object storage and Postgres, if given."""
    # The plots take two seconds to import: only who publishes waits for them.
    from keyaccounts.publishing.postgres import copy_to_postgres
    from keyaccounts.reports.report import write_report

    with _step(settings, run, "publish", log):
        published = publish_marts(settings, run, log)
        log(f"report: {write_report(settings)}")
        push_published(settings, published.folder, log)
        copy_to_postgres(settings, published.folder, log)
    return {"version": published.version, "rows": published.rows}


def notify(
    settings: Settings,
    run: Run,
    *,
    send: bool = True,
    release_holds: bool = False,
    channels: Sequence[Channel] | None = None,
    log: Log = print,
) -> dict[str, Any]:
    """Decide what to tell whom about the current publication, and tell it."""
    from keyaccounts.alerts.notify import notify as tell

    with _step(settings, run, "notify", log):
        return dict(
            tell(settings, run, send=send, release_holds=release_holds, channels=channels, log=log)
        )


def nightly(
    settings: Settings,
    run: Run,
    *,
    send: bool = True,
    log: Log = print,
    told: Told = NOTHING_TOLD,
) -> dict[str, Any]:
    """Run all six steps and write the run manifest.

    Returns a summary with one entry per step. A failing step stops the run; the summary so far is
    in the run manifest, and the error is raised.
    """
    summary: dict[str, Any] = {"as_of_date": run.as_of_date.isoformat(), "status": "running"}
    started = time.monotonic()
    with run_lock(settings, run, "nightly"):
        try:
            summary["extract"] = extract_all(settings, run, log=log, told=told)
            summary["check_landing"] = check_landing(settings, run, log)
            summary["build"] = build(settings, run, log)
            summary["check_marts"] = check_marts(settings, run, log)
            summary["publish"] = publish(settings, run, log)
            summary["notify"] = notify(settings, run, send=send, log=log)
            summary["status"] = "done"
        except KeyaccountsError as error:
            summary.update(status="failed", error=str(error), exit_code=error.exit_code)
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            summary.update(status="failed", error=text, exit_code=KeyaccountsError.exit_code)
            raise
        finally:
            summary["seconds"] = round(time.monotonic() - started, 1)
            write_run_manifest(settings, run, summary)
    return summary


def write_run_manifest(settings: Settings, run: Run, summary: dict[str, Any]) -> Path:
    """Write what a run did to `runs/<as-of date>.json` and return the file."""
    folder = settings.home / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run.as_of_date}.json"
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(summary, indent=1, ensure_ascii=False, default=str), "utf-8")
    draft.replace(file)
    return file


def run_summary(settings: Settings, run: Run) -> dict[str, Any]:
    """Return the manifest of the run for its as-of date; {} when there is none."""
    file = settings.home / "runs" / f"{run.as_of_date}.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def run_facts(settings: Settings) -> list[dict[str, Any]]:
    """Return the run manifests, newest as-of date first."""
    folder = settings.home / "runs"
    files = sorted(folder.glob("*.json"), reverse=True) if folder.is_dir() else []
    return [json.loads(file.read_text("utf-8")) for file in files]


_held: set[Path] = set()


@contextmanager
def run_lock(settings: Settings, run: Run, what: str, name: str = "run") -> Iterator[None]:
    """Hold the home for one run; raises RunInProgressError that names the holder.

    The lock goes with the process, so a killed run leaves none behind. Within one process the lock
    may be taken again.
    """
    folder = settings.home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.lock"
    if file in _held:
        yield
        return
    with file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise RunInProgressError(
                f"another run holds {settings.home.name}: {handle.read().strip() or 'unknown'}. "
                "Wait for it or stop it, then run again"
            ) from error
        handle.truncate(0)
        handle.write(f"{what} as of {run.as_of_date}, process {os.getpid()}")
        handle.flush()
        _held.add(file)
        try:
            yield
        finally:
            _held.discard(file)


@contextmanager
def _step(settings: Settings, run: Run, name: str, log: Log, lock: str = "run") -> Iterator[None]:
    today = run.wall_time.astimezone(ZoneInfo(settings.timezone)).date()
    if run.as_of_date > today:
        raise ConfigurationError(
            f"as-of date {run.as_of_date} lies in the future: it is {today} in {settings.timezone}"
        )
    log(f"{name} ...")
    started = time.monotonic()
    with run_lock(settings, run, name, lock), _told_when_full(settings, name):
        yield
    log(f"{name} done in {time.monotonic() - started:.1f} s")


@contextmanager
def _told_when_full(settings: Settings, name: str) -> Iterator[None]:
    """Say what to do about a full disk, whoever found it: pyarrow, DuckDB or the system."""
    try:
        yield
    except KeyaccountsError:
        # Told already, and perhaps of the disk of a server.
        raise
    except Exception as error:
        if os.strerror(errno.ENOSPC) not in str(error):
            raise
        raise KeyaccountsError(
            f"{name}: {os.strerror(errno.ENOSPC)}: the disk of {settings.home} is full, or that of "
            "temporary files. Nothing half done is visible; make room, then run again"
        ) from error


def parse_date(text: str) -> date:
    """Return a date; raises ConfigurationError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is not a date (YYYY-MM-DD)") from error
