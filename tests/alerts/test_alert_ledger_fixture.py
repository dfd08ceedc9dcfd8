"""The acceptance fixture `alert_ledger`, run through the whole step on SQLite."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from keyaccounts.alerts import schema
from keyaccounts.alerts.actions import record_action

from .conftest import Desk, at, event, write_publication

FIXTURE = Path(__file__).parents[1] / "fixtures" / "alert_ledger"


def read(name: str) -> list[dict[str, str]]:
    with (FIXTURE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events() -> dict[str, dict[str, object]]:
    found = {}
    for row in read("input_events.csv"):
        parts = row["dedup_key"].split("|")
        from_value, to_value = parts[2:4] if len(parts) == 5 else (None, None)
        found[row["event"]] = event(
            row["account_id"],
            alert_type=parts[0],
            owner_user_id=row["owner_id"] or None,
            effective_date=date.fromisoformat(row["effective_date"]),
            from_value=from_value,
            to_value=to_value,
            severity=row["severity"],
        )
        assert found[row["event"]]["event_key"] == row["dedup_key"]
    return found


def replay(desk: Desk, publish: Callable[..., None] | None = None) -> list[tuple[str, ...]]:
    """Play all runs and return the rows of expected_decisions.csv."""
    by_name = events()
    names = {row["event_key"]: name for name, row in by_name.items()}
    actions = {row["before_run_seq"]: row for row in read("input_actions.csv")}
    found: list[tuple[str, ...]] = []
    for run in read("input_runs.csv"):
        wall = at(date.fromisoformat(run["wall_date"]))
        if action := actions.get(run["run_seq"]):
            target = action["event_or_account"]
            record_action(
                desk.settings,
                key_or_account=by_name[target]["event_key"] if target in by_name else target,
                action=action["action"],
                actor=action["actor"],
                at=wall - timedelta(minutes=30),
                until=date.fromisoformat(action["until_date"]) if action["until_date"] else None,
                reason="by the fixture",
            )
        before = len(desk.rows(schema.decisions))
        day = date.fromisoformat(run["logical_date"])
        (publish or desk.publish)(
            day, [by_name[name] for name in run["candidate_events"].split("|")]
        )
        desk.notify(day, wall)
        found += sorted(
            (run["run_seq"], names[key], *rest) for key, *rest in desk.decisions()[before:]
        )
    return found


@pytest.fixture
def fixture_desk(desk: Desk, users: object) -> Desk:
    users([{"user_id": f"am{i}", "user_name": f"Manager {i}"} for i in (1, 2, 3)])  # type: ignore[operator]
    return desk.with_settings(fallback_manager=None)


def expected() -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in read("expected_decisions.csv")]


def test_the_fixture_gives_the_expected_decisions(fixture_desk: Desk) -> None:
    found = replay(fixture_desk, partial(write_publication, fixture_desk.settings.published))
    assert found == expected()


def test_a_second_replay_on_the_same_ledger_sends_nothing(fixture_desk: Desk) -> None:
    replay(fixture_desk)
    mails = len(fixture_desk.channel.sent)
    immediate = {path.name for path in fixture_desk.outbox(".eml")}
    again = replay(fixture_desk)
    assert [row for row in again if row[2] == "send"] == []
    assert len(fixture_desk.channel.sent) == mails
    assert {path.name for path in fixture_desk.outbox(".eml")} == immediate


def test_a_fresh_ledger_gives_the_same_decisions(
    fixture_desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = fixture_desk.with_settings(home=tmp_path_factory.mktemp("fresh"))
    assert replay(fixture_desk) == replay(fresh)
