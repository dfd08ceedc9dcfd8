"""The ledger on a real Postgres, started by the test; skipped where its programs are missing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from keyaccounts.alerts.ledger import Ledger
from keyaccounts.errors import RunInProgressError
from tests.postgres import started_server

from .conftest import TUESDAY, Desk, at, event
from .test_alert_ledger_fixture import expected, fixture_desk, replay

__all__ = ["fixture_desk"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a Postgres of our own; yield its address."""
    with started_server() as found:
        yield f"postgresql+psycopg2://postgres@{found.address}"


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database."""
    name = f"t{abs(hash(request.node.name))}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return f"{server}/{name}"


def test_the_fixture_gives_the_same_decisions_on_postgres(
    fixture_desk: Desk, database: str
) -> None:
    desk = fixture_desk.with_settings(ledger_url=database)
    assert replay(desk) == expected()
    assert [row for row in replay(desk) if row[2] == "send"] == []


def test_two_notifiers_at_once_send_once_on_postgres(desk: Desk, database: str) -> None:
    shared = desk.with_settings(ledger_url=database)
    shared.publish(TUESDAY - timedelta(days=1), [event()])
    faults: list[BaseException] = []

    def work(minute: int) -> None:
        try:
            shared.notify(TUESDAY - timedelta(days=1), at(TUESDAY, 9, minute))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(minute,)) for minute in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(shared.channel.sent) == 1


def test_a_second_notifier_waits_then_says_who_holds_the_ledger(database: str) -> None:
    first, second = Ledger(database), Ledger(database)
    with (
        first.writer("first"),
        pytest.raises(RunInProgressError, match="server processes"),
        second.writer("second", wait_seconds=0.2),
    ):
        pass


def test_a_missing_column_is_added_on_postgres(desk: Desk, database: str) -> None:
    shared = desk.with_settings(ledger_url=database)
    shared.night(TUESDAY, [event()])
    ledger = Ledger(database)
    with ledger.transaction() as connection:
        connection.execute(text("alter table ledger_events drop column sent_at"))
    ledger.close()
    shared.night(TUESDAY + timedelta(days=1), [event()])
    assert shared.last() == [("suppress", "already_sent")]
