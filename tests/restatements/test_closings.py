"""Which publication was the first of a month-end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from keyaccounts.landing.closings import (
    Closing,
    closings,
    first_closings,
    landed,
    landed_then,
    month_ends,
    note_closing,
)
from keyaccounts.settings import Settings
from tests.conftest import run_at, settings_for
from tests.faults.small import small_company

JUNE, JULY, AUGUST = date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path / "home")


def note(settings: Settings, day: date, since: date = JUNE, load: int = 1) -> Closing | None:
    return note_closing(settings, day, since, {"erp_invoices": load})


def test_a_month_end_is_noted_once(settings: Settings) -> None:
    assert note(settings, JULY) is not None
    assert note(settings, JULY, load=2) is None
    assert note(settings, date(2026, 8, 30), load=3) is None
    assert note(settings, AUGUST, load=4) is not None
    assert [c.loads for c in closings(settings)] == [{"erp_invoices": 1}, {"erp_invoices": 4}]
    first = first_closings(closings(settings), date(2026, 9, 20))
    assert {day: c.number for day, c in first.items()} == {JUNE: 1, JULY: 1, AUGUST: 2}


def test_a_run_for_an_earlier_day_knows_what_was_published_up_to_it(settings: Settings) -> None:
    note(settings, AUGUST, load=1)
    assert first_closings(closings(settings), JULY) == {}
    note(settings, JULY, load=2)
    known = closings(settings)
    assert {day: c.number for day, c in first_closings(known, JULY).items()} == {JUNE: 2, JULY: 2}
    later = first_closings(known, AUGUST)
    assert {day: c.number for day, c in later.items()} == {JUNE: 1, JULY: 1, AUGUST: 1}


def test_months_that_earlier_documents_add_are_noted_when_they_appear(settings: Settings) -> None:
    note(settings, JULY, since=JULY)
    assert note(settings, date(2026, 8, 3), since=JUNE, load=2) is not None
    first = first_closings(closings(settings), date(2026, 8, 3))
    assert {day: c.number for day, c in first.items()} == {JULY: 1, JUNE: 2}


def test_without_a_month_end_there_is_nothing_to_note(settings: Settings) -> None:
    assert note(settings, date(2026, 6, 29)) is None
    assert closings(settings) == []


def test_loads_that_are_gone_are_missed(tmp_path: Path) -> None:
    from keyaccounts.landing import land

    settings = settings_for(tmp_path / "home", small_company(tmp_path / "source"))
    land(settings, run_at(JUNE), "erp_invoices")
    found = landed_then(landed(settings), {"erp_invoices": 1})
    assert found is not None
    assert [load.number for load in found] == [1]
    assert landed_then(landed(settings), {"erp_invoices": 2}) is None
    assert landed_then(landed(settings), {"erp_invoices": 1, "crm_accounts": 1}) is None


def test_month_ends_are_last_days() -> None:
    assert list(month_ends(date(2024, 1, 31), date(2024, 3, 30))) == [
        date(2024, 1, 31), date(2024, 2, 29),
    ]  # fmt: skip
