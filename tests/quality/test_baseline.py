"""What a night is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from keyaccounts.landing.loads import Load
from keyaccounts.quality.baseline import Baseline, accepted_load

PUBLISHED = Baseline("000001", date(2026, 6, 30), datetime(2026, 7, 1, tzinfo=UTC), {})


def _load(number: int, loaded_at: str, **more: object) -> Load:
    manifest = {"mode": "full", "loaded_at": loaded_at, "as_of_date": "2026-06-30", **more}
    return Load("erp_products", number, Path(), manifest)


def test_a_load_that_is_confirmed_to_be_empty_is_compared_with_nothing() -> None:
    before = _load(1, "2026-06-30T22:00:00+00:00")
    now = "2026-07-01T22:00:00+00:00"
    assert accepted_load([before, _load(2, now)], PUBLISHED) is before
    assert accepted_load([before, _load(2, now, is_emptied=True)], PUBLISHED) is None
