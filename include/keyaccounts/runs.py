"""One run of a home: its lock, its steps, and the manifest of what it did."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from keyaccounts.errors import ConfigurationError, KeyaccountsError, RunInProgressError
from keyaccounts.settings import Run, Settings

Log = Callable[[str], None]


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
def step(settings: Settings, run: Run, name: str, log: Log, lock: str = "run") -> Iterator[None]:
    """Hold the lock and tell begin, end and seconds.

    Raises ConfigurationError for a day that is still to come, KeyaccountsError for a full disk.
    """
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
