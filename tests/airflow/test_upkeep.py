"""What the weekly upkeep removes, and what it leaves."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from keyaccounts.settings import Run, Settings
from keyaccounts.upkeep import upkeep

NOW = datetime(2026, 11, 2, 5, tzinfo=UTC)
RUN = Run(date(2026, 11, 1), NOW)
DAY = 86_400


def put(path: Path, age_days: float = 0) -> Path:
    """Write a file, with its folders, of a given age."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    when = NOW.timestamp() - age_days * DAY
    os.utime(path, (when, when))
    os.utime(path.parent, (when, when))
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, keep_versions=2)


def test_the_newest_versions_and_the_one_that_readers_see_stay(settings: Settings) -> None:
    for number in range(1, 6):
        put(settings.published / f"00000{number}_2026-10-31" / "manifest.json", age_days=90)
    (settings.published / "current").symlink_to("000002_2026-10-31")
    removed = upkeep(settings, RUN, lambda _: None)
    left = sorted(path.name[:6] for path in settings.published.glob("0*"))
    assert left == ["000002", "000004", "000005"]
    assert [Path(name).name[:6] for name in removed["versions"]] == ["000001", "000003"]


def test_only_drafts_of_runs_that_are_long_dead_go(settings: Settings) -> None:
    old = put(settings.landing / "crm_accounts" / ".new-1" / "part.parquet", age_days=2)
    young = put(settings.landing / "crm_accounts" / ".new-2" / "part.parquet", age_days=0.1)
    upkeep(settings, RUN, lambda _: None)
    assert (old.exists(), young.exists()) == (False, True)


def test_landing_outbox_warehouse_and_ledger_are_never_touched(settings: Settings) -> None:
    kept = [
        put(settings.landing / "crm_accounts" / "000001" / "manifest.json", age_days=4000),
        put(settings.outbox / "2020-01-31" / "am1-0.eml", age_days=2000),
        put(settings.warehouse, age_days=2000),
        put(settings.home / "ledger.sqlite3", age_days=2000),
    ]
    upkeep(settings, RUN, lambda _: None)
    assert all(path.exists() for path in kept)


def test_old_logs_of_dbt_go(settings: Settings) -> None:
    logs = settings.home / "warehouse" / "target" / "logs"
    old = [put(logs / name, age_days=31) for name in ("dbt.log", "dbt.log.1")]
    young = put(logs / "dbt.log.2", age_days=29)
    upkeep(settings, RUN, lambda _: None)
    assert ([path.exists() for path in old], young.exists()) == ([False, False], True)


def test_the_log_names_what_went(settings: Settings) -> None:
    lines: list[str] = []
    put(settings.scratch / "spill.tmp", age_days=3)
    upkeep(settings, RUN, lines.append)
    assert "scratch: removed scratch/spill.tmp" in lines
    assert "versions: removed nothing" in lines


def test_a_second_upkeep_finds_nothing(settings: Settings) -> None:
    put(settings.scratch / "spill.tmp", age_days=3)
    upkeep(settings, RUN, lambda _: None)
    assert not any(upkeep(settings, RUN, lambda _: None).values())
