"""Which day a DAG run is for, and whether it tells anybody (rulings 1 and 2)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from keyaccounts.errors import ConfigurationError
from keyaccounts_runs import as_run, business_timezone, cron, resolve_run, run_facts

SHANGHAI = "Asia/Shanghai"
TICK = datetime(2026, 10, 31, 18, 30, tzinfo=UTC)
"""02:30 on 1 November in Shanghai, the evening before in UTC and in New York."""
LATER = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [(SHANGHAI, "2026-10-31"), ("UTC", "2026-10-30"), ("America/New_York", "2026-10-30")],
)
@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_an_interval_gives_the_day_that_had_ended_at_its_end(
    run_type: str, zone: str, day: str
) -> None:
    found = resolve_run(
        {}, zone, run_type=run_type, run_after=LATER, logical_date=LATER, data_interval_end=TICK
    )
    assert found["as_of_date"] == day


@pytest.mark.parametrize(
    ("logical_date", "day"), [(TICK, "2026-10-31"), (None, "2026-11-04")], ids=["logical", "start"]
)
def test_a_manual_run_takes_its_logical_or_start_time(
    logical_date: datetime | None, day: str
) -> None:
    """Airflow gives manual runs the last complete interval, which may have ended a day before."""
    found = resolve_run(
        {}, SHANGHAI, run_type="manual", run_after=LATER, logical_date=logical_date,
        data_interval_end=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert found["as_of_date"] == day


def test_a_given_day_wins() -> None:
    found = resolve_run(
        {"as_of_date": "2026-09-30"}, SHANGHAI, run_type="scheduled", run_after=LATER,
        data_interval_end=TICK,
    )  # fmt: skip
    assert found["as_of_date"] == "2026-09-30"


@pytest.mark.parametrize(
    ("run_type", "param", "notify"),
    [("scheduled", True, True), ("manual", False, False), ("backfill", True, False)],
)
def test_a_backfill_never_notifies(run_type: str, param: bool, notify: bool) -> None:
    found = resolve_run({"notify": param}, SHANGHAI, run_type=run_type, run_after=LATER)
    assert found["notify"] is notify


def test_the_type_of_a_run_is_read_as_airflow_gives_it(context: dict[str, Any]) -> None:
    """Its value is `backfill`, its text `DagRunType.BACKFILL`, its hash another one still."""
    context["dag_run"].run_type = type(context["dag_run"].run_type)("backfill")
    context["dag_run"].data_interval_end = TICK
    found = run_facts(context, SHANGHAI)
    assert (found["as_of_date"], found["notify"]) == ("2026-10-31", False)


@pytest.mark.parametrize("wrong", [{"as_of_date": "31/10/2026"}, {"wall_time": "nine o'clock"}])
def test_a_wrong_parameter_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="must be ISO"):
        resolve_run(wrong, SHANGHAI, run_type="manual", run_after=LATER)


def test_a_wall_time_without_zone_is_one_of_the_business() -> None:
    run = as_run({"as_of_date": "2026-10-31", "wall_time": "2026-11-02T09:00"}, SHANGHAI)
    nine = datetime(2026, 11, 2, 9, tzinfo=ZoneInfo(SHANGHAI))
    assert (run.as_of_date, run.wall_time) == (date(2026, 10, 31), nine)


def test_a_wrong_configuration_leaves_the_dags_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYACCOUNTS_SOURCE", "/nowhere/at/all")
    assert business_timezone() == SHANGHAI


def test_a_schedule_can_be_another_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__KEYACCOUNTS__NIGHTLY_SCHEDULE", "none")
    assert cron("nightly_schedule", "30 2 * * *") is None
    monkeypatch.setenv("AIRFLOW__KEYACCOUNTS__NIGHTLY_SCHEDULE", "0 4 * * *")
    assert cron("nightly_schedule", "30 2 * * *").expression == "0 4 * * *"
