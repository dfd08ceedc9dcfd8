"""Old versions go; the one that readers see and the newest day stay."""

from __future__ import annotations

from pathlib import Path

from keyaccounts.publishing.publish import _prune
from tests.conftest import settings_for


def test_building_older_days_again_keeps_the_newest_day(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, keep_versions=1)
    for name in (
        "000001_2026-10-31",
        "000002_2026-10-31",
        "000003_2026-08-31",
        "000004_2026-09-30",
    ):
        (settings.published / name).mkdir(parents=True)
    (settings.published / "current").symlink_to("000004_2026-09-30")
    _prune(settings)
    kept = sorted(p.name for p in settings.published.iterdir() if p.name != "current")
    assert kept == ["000002_2026-10-31", "000004_2026-09-30"]
