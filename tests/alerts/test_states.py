"""What an alert tells of may have ended: then it waits no more, and nobody is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from keyaccounts.alerts.inbox import read_inbox
from keyaccounts.alerts.publication import read_told
from keyaccounts.alerts.states import has_ended
from tests.alerts.conftest import TUESDAY, UNKNOWN, Desk, at, event, write_publication

HOLD = event(alert_type="credit_hold", from_value="ok", to_value="hold", severity="critical")
SILENCE = event("ACC2", alert_type="contact_overdue", from_value=None, to_value=None,
                severity="medium", owner_user_id="am2")  # fmt: skip
ACCOUNTS = [("ACC1", "Blue River Pumps Ltd", "am1"), ("ACC2", "Red Hill", "am2")]


@pytest.mark.parametrize(
    ("alert_type", "changes", "ended"),
    [
        ("credit_hold", {"credit_status": "hold"}, False),
        ("credit_hold", {"credit_status": "watch"}, True),
        ("credit_hold", {"credit_status": "no_limit"}, True),
        ("credit_watch", {"credit_status": "watch"}, False),
        ("credit_watch", {"credit_status": "hold"}, False),
        ("credit_watch", {"credit_status": "ok"}, True),
        ("churn_state_enter", {"lifecycle_state": "at_risk"}, False),
        ("churn_state_enter", {"lifecycle_state": "churned"}, False),
        ("churn_state_enter", {"lifecycle_state": "active"}, True),
        ("contact_overdue", {"is_contact_overdue": True}, False),
        ("contact_overdue", {"is_contact_overdue": False}, True),
        ("single_threaded_enter", {"is_single_threaded": True}, False),
        ("single_threaded_enter", {"is_single_threaded": False}, True),
    ],
)
def test_a_state_ends_when_the_account_has_left_it(
    alert_type: str, changes: dict[str, Any], ended: bool
) -> None:
    assert has_ended(alert_type, replace(UNKNOWN, **changes), {}) is ended
    # What is not known has not ended.
    assert has_ended(alert_type, UNKNOWN, {}) is False
    assert has_ended(alert_type, None, {}) is False


@pytest.mark.parametrize(
    ("payload", "ended"),
    [
        ({"overdue_90_plus_amount": Decimal("0.01")}, False),
        ({"overdue_90_plus_amount": Decimal("0.00")}, True),
        ({"overdue_90_plus_amount": None}, True),
        ({}, False),
    ],
)
def test_nothing_is_long_overdue_any_more(payload: dict[str, Any], ended: bool) -> None:
    assert has_ended("overdue_90_enter", None, payload) is ended


def test_a_drop_is_a_fact() -> None:
    best = replace(
        UNKNOWN, credit_status="ok", lifecycle_state="active", is_contact_overdue=False,
        is_single_threaded=False,
    )  # fmt: skip
    assert has_ended("tier_drop", best, {"overdue_90_plus_amount": None}) is False


def test_what_has_ended_leaves_the_inbox_and_gets_no_reminder(desk: Desk) -> None:
    desk.night(TUESDAY, [HOLD])
    for credit, status in {"hold": "open", "watch": "ended"}.items():
        write_publication(
            desk.settings.published, TUESDAY, [HOLD], accounts=ACCOUNTS,
            states={"ACC1": replace(UNKNOWN, credit_status=credit)},
        )  # fmt: skip
        (item,) = read_inbox(desk.settings, at(TUESDAY, 12)).items
        assert item.status == status
        assert item.block
        assert bool(item.block.next_step) == (status == "open")
    ended = {"ended": [HOLD["event_key"]]}
    assert desk.night(TUESDAY + timedelta(days=4), [HOLD], publish=ended)["reminders"] == 0
    assert desk.night(TUESDAY + timedelta(days=5), [HOLD])["reminders"] == 1


def test_the_notifier_reads_what_has_ended(desk: Desk) -> None:
    states = {"ACC2": replace(UNKNOWN, is_contact_overdue=False)}
    write_publication(
        desk.settings.published, TUESDAY, [HOLD, SILENCE], accounts=ACCOUNTS, states=states
    )
    told = read_told(desk.settings.published, [HOLD["event_key"], SILENCE["event_key"]])
    assert {e.unit_id: e.has_ended for e in told.events.values()} == {"ACC1": False, "ACC2": True}
    desk.notify(TUESDAY, at(TUESDAY + timedelta(days=1)))
    assert sorted(desk.last()) == [("defer", "ended"), ("send", "")]


def test_nobody_is_told_of_what_ended_before_until_it_is_so_again(desk: Desk) -> None:
    keys = {"ended": [HOLD["event_key"], SILENCE["event_key"]]}
    desk.night(TUESDAY, [HOLD, SILENCE], publish=keys)
    assert desk.last() == [("defer", "ended"), ("defer", "ended")]
    assert desk.channel.sent == []
    desk.night(TUESDAY + timedelta(days=1), [HOLD, SILENCE])
    assert sorted(decision for decision, _ in desk.last()) == ["digest", "send"]
    # What waits for the digest leaves it when it ends.
    desk.night(TUESDAY + timedelta(days=2), [HOLD, SILENCE], publish=keys)
    assert sorted(desk.last()) == [("defer", "ended"), ("suppress", "already_sent")]
    monday = TUESDAY + timedelta(days=6)
    sent = len(desk.channel.sent)
    desk.night(monday, [HOLD, SILENCE], publish=keys)
    assert len(desk.channel.sent) == sent
