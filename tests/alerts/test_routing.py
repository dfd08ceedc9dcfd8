"""Who gets what, and when: owner, manager, fallback, finance control, business hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from keyaccounts.alerts import schema
from keyaccounts.alerts.notify import deliver_pending, tell_data_engineers
from keyaccounts.settings import Run

from .conftest import TUESDAY, USERS, Desk, at, event, write_publication

MONDAY = TUESDAY + timedelta(days=6)


def days(count: int) -> date:
    return TUESDAY + timedelta(days=count)


def test_critical_goes_to_the_manager_too(desk: Desk) -> None:
    desk.night(TUESDAY, [event(severity="critical", to_value="C")])
    assert {mail["To"].addresses[0].addr_spec for mail in desk.channel.sent} == {
        "li@firm.test",
        "boss@firm.test",
    }


@pytest.mark.parametrize("owner", [None, "gone", "never heard of"])
def test_without_an_active_owner_the_fallback_manager_gets_it(
    desk: Desk, owner: str | None
) -> None:
    summary = desk.with_settings(fallback_manager="am2").night(
        TUESDAY, [event(owner_user_id=owner)]
    )
    assert desk.decisions()[0][3:] == ("am2", "no_owner")
    assert summary["no_owner"] == 1
    assert "please name one" in desk.text()


def away(user_id: str, **facts: object) -> list[dict[str, object]]:
    """Return the users, one of whom is absent; facts of others come by their id."""
    absence = {"absent_from": days(-2), "absent_until": days(9), "deputy_user_id": "am2"}
    return [{**user, **(absence | facts if user["user_id"] == user_id else {})} for user in USERS]


@pytest.mark.parametrize(
    ("facts", "recipient", "reason"),
    [
        ({}, "am2", "owner_absent"),
        ({"absent_until": None}, "am2", "owner_absent"),
        ({"absent_until": days(0)}, "am2", "owner_absent"),
        ({"absent_until": days(-1)}, "am1", ""),
        ({"absent_from": days(1)}, "am1", ""),
        ({"absent_from": None}, "am1", ""),
        ({"deputy_user_id": "gone"}, "boss", "owner_absent"),
        ({"deputy_user_id": None}, "boss", "owner_absent"),
        ({"deputy_user_id": "am1"}, "boss", "owner_absent"),
        ({"deputy_user_id": None, "manager_user_id": None}, "help@firm.test", "owner_absent"),
        ({"is_active": False}, "help@firm.test", "no_owner"),
    ],
)
def test_a_deputy_stands_in_for_an_absent_owner_then_the_manager(
    desk: Desk,
    users: Callable[[object], None],
    facts: dict[str, object],
    recipient: str,
    reason: str,
) -> None:
    users(away("am1", **facts))
    desk.with_settings(fallback_manager="help@firm.test").night(TUESDAY, [event()])
    assert desk.decisions()[0][3:] == (recipient, reason)
    if reason == "owner_absent":
        assert "In place of Li Wei, who is absent" in desk.text()


def test_the_manager_hears_of_an_alert_that_nobody_answered_after_two_reminders(
    desk: Desk,
) -> None:
    told = [event(), event("ACC2", severity="medium", delivery="immediate")]
    for day in range(9):
        desk.night(days(day), told)
    boss = [mail for mail in desk.channel.sent if "boss@" in str(mail["To"])]
    assert [mail["Subject"] for mail in boss] == ["Reminder: 1 alert that nobody answered"]
    text = boss[0].get_body(("plain",)).get_content()
    assert "Nobody answered: please see to it (1)" in text
    assert "(Li Wei was told and reminded twice)" in " ".join(text.split())


def test_nobody_but_finance_control_hears_of_its_unanswered_alerts(desk: Desk) -> None:
    review = event(
        "am1", alert_type="owner_drag_review", unit_type="owner", account_id=None,
        audience="finance_control", severity="high", from_value=None, to_value=None,
    )  # fmt: skip
    for day in range(9):
        desk.night(days(day), [review])
    assert {str(m["To"].addresses[0].addr_spec) for m in desk.channel.sent} == {"finance@firm.test"}


def test_finance_control_is_never_shared_with_the_owner(desk: Desk) -> None:
    review = event(
        "am1", alert_type="owner_drag_review", unit_type="owner", account_id=None,
        audience="finance_control", severity="critical", from_value=None, to_value=None,
    )  # fmt: skip
    digest = review | {"event_key": "cash|2", "severity": "medium", "delivery": "digest"}
    desk.night(TUESDAY, [review, digest])
    desk.night(MONDAY, [])
    desk.night(MONDAY + timedelta(days=1), [review, digest])
    recipients = {row["recipient"] for row in desk.rows(schema.messages)}
    assert recipients == {"finance@firm.test"}


def test_data_engineering_alerts_go_to_data_engineers_at_any_hour(desk: Desk) -> None:
    check = event(
        "company", alert_type="reconciliation_failed", unit_type="company", account_id=None,
        owner_user_id=None, audience="data_engineering", from_value="general_ledger", to_value=None,
        payload='{"check_name": "general_ledger", "difference_amount": 12.50}',
    )  # fmt: skip
    desk.night(TUESDAY, [check], hour=3)
    assert [mail["To"].addresses[0].addr_spec for mail in desk.channel.sent] == ["data@firm.test"]
    assert "Check general_ledger failed" in desk.channel.sent[0]["Subject"]
    assert "Difference: CNY 12.50" in desk.text()
    desk.night(days(1), [])
    assert "retract" not in {row[1] for row in desk.decisions()}


@pytest.mark.parametrize(
    ("day", "hour", "is_sent"),
    [(TUESDAY, 3, False), (TUESDAY, 8, True), (TUESDAY, 18, False), (days(4), 10, False)],
)
def test_real_channels_wait_for_business_hours(
    desk: Desk, day: date, hour: int, is_sent: bool
) -> None:
    desk.night(day, [event()], hour=hour)
    assert len(desk.channel.sent) == is_sent
    assert len(desk.outbox(".eml")) == 1
    counts = deliver_pending(
        desk.settings, wall_time=at(MONDAY), channels=[desk.channel], log=desk.lines.append
    )
    assert counts["sent"] == (not is_sent)
    assert len(desk.channel.sent) == 1


def test_the_owner_at_send_time_stands_above_the_owner_of_the_event(desk: Desk) -> None:
    write_publication(
        desk.settings.published,
        date(2026, 4, 6),
        [event("ACC1"), event("ACC2"), event("ACC3")],
        accounts=[("ACC1", "Blue River", "am2"), ("ACC2", "Red Hill", None)],
    )
    desk.notify(date(2026, 4, 6), at(TUESDAY))
    assert [row[3] for row in desk.decisions()] == ["am2", "boss", "am1"]


def test_a_failed_run_is_told_at_any_hour_and_a_broken_channel_is_only_logged(
    desk: Desk,
) -> None:
    run = Run(date(2026, 4, 6), at(TUESDAY, 3))
    told = [tell_data_engineers(desk.settings, run, "Run failed\r\nBcc: x@y.test", ["step <build>"],
            [desk.channel], desk.lines.append) for _ in range(2)]  # fmt: skip
    assert told == [{"sent": 2, "failed": 0}] * 2
    assert len(desk.outbox(".eml")) == 1
    assert desk.channel.sent[0]["Bcc"] is None
    assert len(set(desk.channel.keys)) == 1
    desk.channel.fault = ConnectionRefusedError("no server")
    told = [tell_data_engineers(desk.settings, run, "x", [], [desk.channel], desk.lines.append)]
    assert told == [{"sent": 1, "failed": 1}]
    assert "no server" in desk.lines[-1]


def test_users_without_an_address_get_a_file_and_a_named_error(
    desk: Desk, users: Callable[..., None]
) -> None:
    users([replace_email(user, "not an address\r\nBcc: x@y.test") for user in USERS])
    desk.night(TUESDAY, [event()])
    assert len(desk.outbox(".eml")) == 1
    assert "no e-mail address for am1" in "".join(desk.lines)


def replace_email(user: dict[str, object], email: str) -> dict[str, object]:
    return user | {"email": email}
