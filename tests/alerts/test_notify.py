"""What the step tells and what it does not: reruns, digest, snooze, reminders, the ledger."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from keyaccounts.alerts import schema
from keyaccounts.alerts.actions import record_action
from keyaccounts.alerts.errors import ActionRefusedError, LedgerError, PublicationUnreadableError
from keyaccounts.alerts.publication import Payload

from .conftest import TUESDAY, Desk, at, event

MONDAY = TUESDAY + timedelta(days=6)


def days(count: int) -> date:
    return TUESDAY + timedelta(days=count)


def test_a_rerun_sends_nothing(desk: Desk) -> None:
    desk.night(TUESDAY, [event()])
    again = desk.night(TUESDAY, [event()])
    assert len(desk.channel.sent) == 1
    assert again["decisions"] == {"suppress": 1}
    assert again["messages_written"] == 0


def test_what_an_event_carries_is_read_of_those_that_are_told(desk: Desk) -> None:
    assert Payload('{"a": 1.10, "b": null}') == {"a": Decimal("1.10"), "b": None}
    # No JSON, and nobody notices where the event is not told.
    night = [event(), event("ACC2", delivery="none", payload="no JSON")]
    assert desk.night(TUESDAY, night)["decisions"] == {"send": 1, "suppress": 1}
    with pytest.raises(ValueError, match="Expecting value"):
        Payload("no JSON").get("a")


def test_one_message_per_recipient_and_run(desk: Desk) -> None:
    alerts = [event(f"ACC{i}") for i in range(13)] + [event("ACC99", owner_user_id="am2")]
    desk.night(TUESDAY, alerts, publish={"a_units": 1000})
    assert [mail["To"].addresses[0].addr_spec for mail in desk.channel.sent] == [
        "li@firm.test",
        "ana@firm.test",
    ]
    text = desk.channel.sent[0].get_body(("plain",)).get_content()
    assert text.count("[HIGH]") == 10
    assert "and 3 more: https://bi.test/account/" in text


def test_nothing_true_before_go_live_is_told(desk: Desk) -> None:
    fresh = desk.with_settings(go_live_date=None)
    fresh.night(TUESDAY, [event("OLD", effective_date=days(-2)), event("NEW")])
    assert fresh.last() == [("send", ""), ("baseline", "before_go_live")]
    again = fresh.night(days(1), [event("OLD", effective_date=days(-2)), event("NEW")])
    assert again["reasons"] == {"already_sent": 1, "baseline": 1}
    assert fresh.last() == [("suppress", "already_sent")]


def test_a_run_that_may_not_send_baselines_for_ever(desk: Desk) -> None:
    desk.night(TUESDAY, [event()], send=False)
    assert desk.last() == [("baseline", "notify_off")]
    assert desk.night(days(1), [event()])["reasons"] == {"baseline": 1}
    assert desk.outbox() == []


def test_stale_is_judged_once_and_listed_on_monday_as_found_late(desk: Desk) -> None:
    eight, seven = (event(f"D{n}", effective_date=TUESDAY - timedelta(days=n)) for n in (8, 7))
    desk.night(TUESDAY, [eight, seven])
    assert sorted(desk.last()) == [("send", ""), ("suppress", "stale_effective_date")]
    for day in range(1, 15):
        desk.night(days(day), [eight, seven])
    assert desk.text().count("Found late") == 1
    assert "D8" in desk.text().split("Found late")[1]


def test_a_snooze_of_an_account_defers_then_sends_once(desk: Desk) -> None:
    record_action(
        desk.settings, key_or_account="ACC1", action="snooze", actor="am1",
        at=at(TUESDAY, 7), until=days(20), reason="contract talks",
    )  # fmt: skip
    for day in range(20):
        desk.night(days(day), [event()])
        assert desk.last() == [("defer", "snoozed")]
    desk.night(days(20), [event()])
    assert desk.last() == [("defer", "snoozed")]
    desk.night(days(21), [event()])
    assert desk.last() == [("send", "")]
    desk.night(days(22), [event()])
    assert desk.last() == [("suppress", "already_sent")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until": TUESDAY + timedelta(days=91)}, "longer than 90 days"),
        ({"until": TUESDAY - timedelta(days=1)}, "already passed"),
        ({"until": None}, "needs a last day"),
        ({"reason": " "}, "needs a reason"),
        ({"actor": ""}, "actor is empty"),
        ({"action": "mute"}, "is not one of"),
        ({"action": "acknowledge", "until": None}, "knows no event"),
        ({"key_or_account": "tier_drop|X|A|B|2026-04-06"}, "knows no event"),
    ],
)
def test_an_action_that_breaks_a_rule_is_refused(
    desk: Desk, changes: dict[str, object], message: str
) -> None:
    action = {
        "key_or_account": "ACC1", "action": "snooze", "actor": "am1", "at": at(TUESDAY),
        "until": TUESDAY + timedelta(days=90), "reason": "talks",
    }  # fmt: skip
    record_action(desk.settings, **action)  # type: ignore[arg-type]
    with pytest.raises(ActionRefusedError, match=message):
        record_action(desk.settings, **action | changes)  # type: ignore[arg-type]


def test_delivery_none_is_only_recorded(desk: Desk) -> None:
    for day in (0, 1):
        summary = desk.night(days(day), [event(delivery="none")])
        assert summary["reasons"] == {"no_delivery": 1}
    assert desk.outbox() == []


def test_the_digest_comes_on_monday_and_names_each_key_once(desk: Desk) -> None:
    row = event(severity="medium")
    for day in range(14):
        desk.night(days(day), [row])
    mails = [mail["Subject"] for mail in desk.channel.sent]
    assert mails == ["Weekly account digest: 1 item"]
    assert desk.rows(schema.messages)[0]["created_at"].date() == MONDAY
    assert [row[1] for row in desk.decisions()].count("digest") == 1


def test_a_missed_monday_is_made_up_for(desk: Desk) -> None:
    desk.night(TUESDAY, [event(severity="medium")])
    desk.night(MONDAY + timedelta(days=1), [event(severity="medium")])
    assert len(desk.channel.sent) == 1


def test_the_digest_leaves_out_what_is_no_longer_true_or_snoozed(desk: Desk) -> None:
    kept, gone, snoozed = (event(name, severity="low") for name in ("KEPT", "GONE", "SNOOZED"))
    desk.night(TUESDAY, [kept, gone, snoozed])
    record_action(
        desk.settings, key_or_account="SNOOZED", action="snooze", actor="am1",
        at=at(TUESDAY, 12), until=days(10), reason="busy",
    )  # fmt: skip
    desk.night(MONDAY, [kept, snoozed])
    assert "KEPT" in desk.text()
    assert "GONE" not in desk.text()
    assert "SNOOZED" not in desk.text()
    desk.night(MONDAY + timedelta(days=7), [kept, snoozed])
    assert desk.text().count("SNOOZED") > 0


def test_retract_and_reinstate_are_digest_lines(desk: Desk) -> None:
    desk.night(TUESDAY, [event()])
    desk.night(days(1), [])
    assert desk.last() == [("retract", "no_longer_true")]
    desk.night(days(2), [event()])
    assert desk.last() == [("reinstate", "true_again")]
    assert len(desk.channel.sent) == 1
    desk.night(MONDAY, [event()])
    digest = desk.channel.sent[-1].get_body(("plain",)).get_content()
    assert "Retracted: no longer true after a correction of the data (1)" in digest
    assert "Reinstated: true again (1)" in digest
    desk.night(MONDAY + timedelta(days=7), [event()])
    assert len([mail for mail in desk.channel.sent if "digest" in mail["Subject"]]) == 1


def test_only_keys_in_the_evaluated_range_are_retracted(desk: Desk) -> None:
    desk.night(TUESDAY, [event()])
    desk.night(days(1), [], as_of_date=date(2026, 4, 5))
    desk.night(days(1), [], publish={"month_ends_from": date(2026, 4, 7)})
    assert "retract" not in {row[1] for row in desk.decisions()}


def test_a_run_for_an_earlier_day_never_sends(desk: Desk) -> None:
    desk.night(days(1), [])
    desk.night(days(1), [event()], as_of_date=date(2026, 4, 6))
    assert desk.last() == [("defer", "earlier_as_of_date")]
    desk.night(days(9), [event()])
    assert desk.last() == [("send", "")]


def test_reminders_after_three_and_seven_days_until_acknowledged(desk: Desk) -> None:
    acknowledged, open_ = event("ACC1"), event("ACC2", owner_user_id="am2")
    medium = event("ACC3", severity="medium", delivery="immediate")
    desk.night(TUESDAY, [acknowledged, open_, medium])
    record_action(
        desk.settings, key_or_account=acknowledged["event_key"], action="acknowledge",
        actor="am1", at=at(days(1)),
    )  # fmt: skip
    counts = []
    for day in range(1, 20):
        counts.append(desk.night(days(day), [acknowledged, open_, medium])["reminders"])
        desk.night(days(day), [acknowledged, open_, medium])
    assert [day + 1 for day, count in enumerate(counts) if count] == [3, 7]
    assert "reminder 2 of 2" in desk.text()


def test_what_a_person_resolved_before_it_was_sent_is_not_sent(desk: Desk) -> None:
    failed = {"failed_checks": ["general_ledger"]}
    desk.night(TUESDAY, [event()], publish=failed)
    key = event()["event_key"]
    record_action(
        desk.settings, key_or_account=key, action="accept", actor="am1", at=at(TUESDAY, 10),
        reason="planned",
    )  # fmt: skip
    desk.night(days(1), [event()])
    assert desk.last() == [("suppress", "closed_by_user")]


def test_without_a_publication_the_error_names_the_place(desk: Desk) -> None:
    with pytest.raises(PublicationUnreadableError, match="current"):
        desk.notify(TUESDAY, at(TUESDAY))


def test_an_unknown_ledger_or_a_newer_one_is_refused(desk: Desk) -> None:
    with pytest.raises(LedgerError, match="not supported"):
        desk.with_settings(ledger_url="mysql://root:secret@localhost/x").night(TUESDAY, [])
    desk.night(TUESDAY, [])
    from keyaccounts.alerts.ledger import Ledger

    ledger = Ledger(desk.settings.ledger)
    with ledger.transaction() as connection:
        table = schema.settings_table
        connection.execute(
            table.update().where(table.c.name == "schema_version").values(value="99")
        )
    with pytest.raises(LedgerError, match="newer program"):
        desk.night(TUESDAY, [])


def test_a_column_that_an_older_ledger_lacks_is_added(desk: Desk) -> None:
    desk.night(TUESDAY, [event()])
    from keyaccounts.alerts.ledger import Ledger

    ledger = Ledger(desk.settings.ledger)
    with ledger.transaction() as connection:
        connection.exec_driver_sql("alter table ledger_events drop column reminders_count")
        connection.exec_driver_sql("drop table ledger_holds")
    ledger.close()
    desk.night(days(1), [event()])
    assert desk.last() == [("suppress", "already_sent")]


def test_the_publication_decides_on_the_day(desk: Desk) -> None:
    desk.publish(date(2026, 4, 6), [event()])
    summary = desk.notify(date(2026, 4, 5), at(TUESDAY))
    assert summary["as_of_date"] == "2026-04-06"
    assert "it decides" in desk.lines[0]
