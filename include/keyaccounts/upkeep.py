"""Weekly upkeep: remove what no reader and no later run needs.

What stays, on purpose: the landing (every load may carry the version of an account that a replay
asks for), the outbox and the ledger (what was told to whom), and the warehouse (the next night
builds on it).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from keyaccounts.nightly import run_lock
from keyaccounts.publishing.publish import CURRENT, current_version
from keyaccounts.settings import Run, Settings

DRAFT_AGE_DAYS = 1
DBT_LOG_AGE_DAYS = 30
KEEP_RUN_MANIFESTS = 400
DAY_SECONDS = 86_400


def upkeep(settings: Settings, run: Run, log: Callable[[str], None] = print) -> dict[str, Any]:
    """Remove surplus versions, drafts of killed runs, scratch, old run manifests and dbt logs.

    Ages are measured from `run.wall_time`. Returns the removed paths, relative to the home, by
    kind. Raises RunInProgressError while a run is under way.
    """
    now = run.wall_time.timestamp()
    with run_lock(settings, run, "upkeep"):
        surplus = {
            "versions": _surplus_versions(settings),
            "drafts": _older(_drafts(settings), now, DRAFT_AGE_DAYS),
            "scratch": _older(_children(settings.scratch), now, DRAFT_AGE_DAYS),
            "run_manifests": sorted((settings.home / "runs").glob("*.json"))[:-KEEP_RUN_MANIFESTS],
            "dbt_logs": _older(_dbt_logs(settings), now, DBT_LOG_AGE_DAYS),
        }
        for paths in surplus.values():
            for path in paths:
                _remove(path)
    removed = {
        kind: [str(path.relative_to(settings.home)) for path in paths]
        for kind, paths in surplus.items()
    }
    for kind, names in removed.items():
        log(f"{kind.replace('_', ' ')}: removed {', '.join(names) or 'nothing'}")
    return removed


def _surplus_versions(settings: Settings) -> list[Path]:
    """All but the newest `keep_versions`; never the one that readers see."""
    versions = [
        path
        for path in _children(settings.published)
        if path.is_dir() and path.name[:6].isdigit() and path.name != CURRENT
    ]
    keep = {*versions[-max(settings.keep_versions, 1) :], current_version(settings)}
    return [path for path in versions if path not in keep]


def _drafts(settings: Settings) -> list[Path]:
    """What a killed run left half-written."""
    return [
        *sorted(settings.published.glob(".new-*")),
        *sorted(settings.landing.glob("*/.new-*")),
        *sorted(settings.outbox.glob("*/.*.partial")),
    ]


def _dbt_logs(settings: Settings) -> list[Path]:
    """Those of before, and of who lets dbt write them (`DBT_LOG_LEVEL_FILE`)."""
    return sorted((settings.home / "warehouse" / "target" / "logs").glob("dbt.log*"))


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _older(paths: Iterable[Path], now: float, days: int) -> list[Path]:
    return [path for path in paths if now - path.lstat().st_mtime > days * DAY_SECONDS]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
