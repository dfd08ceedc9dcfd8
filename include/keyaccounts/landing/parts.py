"""A whole read in parts, by spans of the cursor: what was read stays when a later part breaks.

Parts of a run that broke are of an earlier state of the source. A row that changed since then is in
the last part too, which is always read anew, and its newest version counts; what vanished since
then is found by comparing keys, which follows a read in parts at once (`intake.land_from`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from keyaccounts.settings import Settings
from keyaccounts.sources.base import Window

FOLDER = ".parts"
MOST = 1000
"""Of more parts, each is longer than asked for."""


@dataclass(frozen=True)
class Part:
    """One part that was read: its rows, the nulls by column, and when."""

    file: Path
    rows: int
    nulls: dict[str, int]
    taken_at: datetime


Read = Callable[[Window, Path], tuple[int, dict[str, int]]]
"""Writes the rows of a window to a file and returns their number and the nulls by column."""


def read_parts(
    settings: Settings,
    entity: str,
    digest: str,
    span: timedelta,
    bounds: tuple[datetime, datetime] | None,
    taken_at: datetime,
    read: Read,
) -> tuple[list[Part], int]:
    """Read all parts that are not there yet; return all, and how many were there.

    `digest` names how rows are mapped: parts of another mapping are no use.
    """
    folder = settings.landing / entity / FOLDER
    windows = _windows(folder, digest, span, bounds)
    parts, kept = [], 0
    for number, window in enumerate(windows):
        is_last = number == len(windows) - 1
        file = folder / f"{number:04d}.parquet"
        facts = file.with_suffix(".json")
        if facts.is_file() and not is_last:
            parts.append(_part(file, json.loads(facts.read_text("utf-8"))))
            kept += 1
            continue
        draft = file.with_suffix(".new")
        rows, nulls = read(window, draft)
        draft.replace(file)
        part = Part(file, rows, nulls, taken_at)
        _write(facts, {**asdict(part), "file": file.name, "taken_at": taken_at.isoformat()})
        parts.append(part)
    return parts, kept


def forget_parts(settings: Settings, entity: str) -> None:
    """Remove the parts of an entity: they have landed."""
    shutil.rmtree(settings.landing / entity / FOLDER, ignore_errors=True)


def _windows(
    folder: Path, digest: str, span: timedelta, bounds: tuple[datetime, datetime] | None
) -> list[Window]:
    """Return the windows of the parts: those of the run that broke, or new ones."""
    file = folder / "parts.json"
    found = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if found.get("digest") != digest:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        found = {"digest": digest, "ends": [end.isoformat() for end in _ends(span, bounds)]}
        _write(file, found)
    ends = [None, *(datetime.fromisoformat(end) for end in found["ends"]), None]
    return [Window(start, end) for start, end in pairwise(ends)]


def _ends(span: timedelta, bounds: tuple[datetime, datetime] | None) -> list[datetime]:
    if bounds is None:
        return []
    first, last = bounds
    step = max(span, (last - first) / MOST)
    return [first + step * n for n in range(1, int((last - first) / step) + 1)]


def _part(file: Path, facts: dict[str, Any]) -> Part:
    taken_at = datetime.fromisoformat(facts["taken_at"])
    return Part(file, facts["rows"], facts["nulls"], taken_at)


def _write(file: Path, facts: dict[str, Any]) -> None:
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(facts), encoding="utf-8")
    draft.replace(file)
