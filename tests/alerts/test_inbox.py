"""The alert inbox at the command line: what waits, what people answer, what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from keyaccounts import cli
from tests.alerts.conftest import TUESDAY, Desk, at, drop_payload, event, write_publication

WATCH = event("ACC2", alert_type="tier_watch", severity="medium", owner_user_id="am2")
DROP = event(payload=drop_payload())

Inbox = Callable[..., list[str]]


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A drop that was told on Tuesday, and a watch that waits for the digest."""
    desk.night(TUESDAY, [DROP, WATCH])
    accounts = [("ACC1", "Blue River Pumps Ltd", "am1"), ("ACC2", "Red Hill", "am2")]
    write_publication(desk.settings.published, TUESDAY, [DROP, WATCH], accounts=accounts)
    return desk


@pytest.fixture
def inbox(told: Desk, capsys: pytest.CaptureFixture[str]) -> Inbox:
    """Run `keyaccounts alerts`, `after` so many days; a refusal is given as one line."""

    def run(*arguments: str, after: int = 0) -> list[str]:
        capsys.readouterr()
        now = at(TUESDAY + timedelta(days=after), 12).isoformat()
        home = str(told.settings.home)
        code = cli.main(["alerts", *arguments, "--home", home, "--wall-time", now])
        printed = capsys.readouterr()
        assert (code == 0) == (printed.err == "")
        return (printed.out or printed.err).splitlines()

    return run


def facts(inbox: Inbox, *arguments: str, **when: int) -> list[dict[str, Any]]:
    found = json.loads("\n".join(inbox("list", "--json", *arguments, **when)))
    return [dict(item) for item in found]


def id_of(inbox: Inbox, account: str) -> str:
    return str(next(i["alert_id"] for i in facts(inbox, "--all", "--account", account)))


def test_the_list_is_worst_first_and_says_what_how_much_whose_and_how_it_stands(
    inbox: Inbox,
) -> None:
    first, whose, second, _, counts = inbox("list")
    assert first[8:] == (
        "  high      Blue River Pumps Ltd drops from A to B (ACC1), "
        "profit CNY -373,250.75 (-31.5 %)"
    )
    assert whose.strip() == "Li Wei, effective 2026-04-06, told on 2026-04-07, open"
    assert "medium" in second
    assert counts == "2 open"


@pytest.mark.parametrize(
    ("narrowed", "accounts"),
    [
        (("--owner", "am2"), ["ACC2"]),
        (("--account", "ACC1"), ["ACC1"]),
        (("--severity", "high", "--severity", "low"), ["ACC1"]),
        (("--type", "tier_watch"), ["ACC2"]),
        (("--owner", "am1", "--type", "tier_watch"), []),
    ],
)
def test_the_list_can_be_narrowed(
    inbox: Inbox, narrowed: tuple[str, ...], accounts: list[str]
) -> None:
    assert [item["account_id"] for item in facts(inbox, *narrowed)] == accounts


def test_show_says_what_the_mail_said_and_what_happened(inbox: Inbox) -> None:
    inbox("ack", "ACC1", "--by", "Li Wei")
    shown = inbox("show", id_of(inbox, "ACC1"))
    assert shown[0] == "[HIGH] Blue River Pumps Ltd drops from A to B"
    assert any(line.endswith("-300,250.25") for line in shown)
    assert any(line.startswith("Next step: Call first") for line in shown)
    assert shown[-3:] == [
        f"Alert {id_of(inbox, 'ACC1')}: acknowledged",
        "  2026-04-07 09:00  told to Li Wei",
        "  2026-04-07 12:00  acknowledged by Li Wei",
    ]


def test_an_acknowledged_alert_stays_in_the_list_and_sends_no_reminder(
    inbox: Inbox, told: Desk
) -> None:
    assert inbox("ack", "ACC1", "--by", "am1")[0].split("  ")[1].startswith("acknowledged: Blue")
    assert told.night(TUESDAY + timedelta(days=4), [DROP, WATCH])["reminders"] == 0
    assert [i["status"] for i in facts(inbox)] == ["acknowledged", "open"]


def test_a_snooze_ends_by_itself(inbox: Inbox) -> None:
    inbox("snooze", "ACC1", "--until", "2026-04-09", "--reason", "talks", "--by", "am1")
    assert facts(inbox, after=2)[0]["status"] == "snoozed"
    assert facts(inbox, after=3)[0]["status"] == "open"


def test_an_account_can_be_quiet_as_a_whole(inbox: Inbox) -> None:
    said = inbox(
        "snooze", "--account", "ACC1", "--until", "2026-05-01", "--reason", "talks", "--by", "am1"
    )
    assert said == [
        "Blue River Pumps Ltd (ACC1) is quiet until 2026-05-01: 1 alerts wait till then"
    ]
    assert [i["snoozed_until"] for i in facts(inbox)] == ["2026-05-01", None]


@pytest.mark.parametrize(("word", "status"), [("resolve", "resolved"), ("accept", "accepted")])
def test_what_is_closed_leaves_the_list_and_takes_no_further_answer(
    inbox: Inbox, word: str, status: str
) -> None:
    key = id_of(inbox, "ACC1")
    inbox(word, key, "--reason", "planned", "--by", "am1")
    assert [i["account_id"] for i in facts(inbox)] == ["ACC2"]
    assert [i["status"] for i in facts(inbox, "--all")] == [status, "open"]
    assert f"is {status} already" in inbox("ack", key, "--by", "am1")[0]
    assert "comment added" in inbox("comment", key, "--reason", "for the record", "--by", "boss")[0]


def test_what_is_true_no_more_is_retracted_whatever_was_answered(inbox: Inbox, told: Desk) -> None:
    inbox("ack", "ACC1", "--by", "am1")
    told.night(TUESDAY + timedelta(days=1), [WATCH])
    write_publication(told.settings.published, TUESDAY + timedelta(days=1), [WATCH])
    assert [i["status"] for i in facts(inbox, "--all", after=1)] == ["retracted", "open"]
    shown = inbox("show", id_of(inbox, "ACC1"), after=1)
    assert shown[1].endswith("The publication of today does not hold it.")
    assert shown[-1].endswith("retracted: true no more")


def test_what_a_newer_alert_has_overtaken_waits_no_more(inbox: Inbox, told: Desk) -> None:
    later = {"effective_date": TUESDAY}
    # What is only recorded ends an alert too; a watch ends no drop.
    rise = event("ACC2", alert_type="tier_rise", delivery="none", **later)
    watch = event("ACC1", alert_type="tier_watch", severity="medium", **later)
    again = event("ACC1", effective_date=TUESDAY + timedelta(days=1))
    told.night(TUESDAY + timedelta(days=1), [DROP, WATCH, rise, watch])
    assert [(i["account_id"], i["status"]) for i in facts(inbox, "--all", after=1)] == [
        ("ACC1", "open"), ("ACC1", "open"), ("ACC2", "superseded"),
    ]  # fmt: skip
    told.night(TUESDAY + timedelta(days=2), [DROP, WATCH, rise, watch, again])
    waiting = facts(inbox, after=2)
    assert [i["event_key"] for i in waiting] == [again["event_key"]]
    old = next(i for i in facts(inbox, "--all", after=2) if i["event_key"] == DROP["event_key"])
    assert old["superseded_by"] == waiting[0]["alert_id"]
    newer = f"Alert {old['alert_id']}: superseded by {old['superseded_by']}"
    shown = inbox("show", old["alert_id"], after=2)
    assert newer in shown
    assert not any(line.startswith("Next step") for line in shown)
    # The rise was recorded and is in no inbox, so that nothing leads to it.
    assert f"Alert {id_of(inbox, 'ACC2')}: superseded" in inbox("show", id_of(inbox, "ACC2"))
    assert "is superseded already" in inbox("ack", old["alert_id"], "--by", "am1", after=2)[0]
    # Of the two that are high the newer one alone is told again.
    night = [DROP, WATCH, rise, watch, again]
    assert told.night(TUESDAY + timedelta(days=5), night)["reminders"] == 1


def test_what_waits_for_a_hold_overtakes_nothing(inbox: Inbox, told: Desk) -> None:
    newer = event(effective_date=TUESDAY)
    told.night(
        TUESDAY + timedelta(days=1), [DROP, newer], publish={"failed_checks": ["gl_control"]}
    )
    found = facts(inbox, "--account", "ACC1", after=1)
    assert [(i["event_key"], i["status"]) for i in found] == [
        (newer["event_key"], "on hold"), (DROP["event_key"], "open"),
    ]  # fmt: skip


def test_nothing_is_recorded_when_one_of_several_is_wrong(inbox: Inbox) -> None:
    assert "there is no alert ACC9" in inbox("ack", "ACC1", "ACC9", "--by", "am1")[0]
    assert [i["status"] for i in facts(inbox)] == ["open", "open"]


def test_an_account_with_two_alerts_must_be_told_by_id(inbox: Inbox, told: Desk) -> None:
    again = event(alert_type="credit_hold", from_value=None, to_value=None, severity="critical")
    told.night(TUESDAY, [DROP, WATCH, again])
    assert "ACC1 may be 2 alerts: " in inbox("show", "ACC1")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "--severity", "loud"), "--severity loud is none of critical, high"),
        (("ack", "--by", "am1"), "name one or more alerts"),
        (("snooze", "--until", "2026-04-09", "--reason", "x"), "or --account"),
        (("snooze", "ACC1", "--until", "2027-04-09", "--reason", "x"), "longer than 90 days"),
        (("snooze", "--account", "X", "--until", "2026-04-09", "--reason", "x"), "no account X"),
        (("show", "12345678"), "`keyaccounts alerts list --all` shows"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    inbox: Inbox, arguments: tuple[str, ...], said: str
) -> None:
    assert said in inbox(*arguments)[0]


def test_what_was_never_told_is_not_in_the_inbox(inbox: Inbox, told: Desk) -> None:
    old = event("ACC3", effective_date=TUESDAY - timedelta(days=400))
    told.night(TUESDAY, [DROP, WATCH, old, event("ACC4", delivery="none")])
    assert {i["account_id"] for i in facts(inbox, "--all")} == {"ACC1", "ACC2"}


def test_what_every_night_decides_again_stands_once_in_the_history(
    inbox: Inbox, told: Desk
) -> None:
    for day in range(1, 4):
        told.night(TUESDAY + timedelta(days=day), [DROP, WATCH])
    shown = inbox("show", id_of(inbox, "ACC1"), after=3)
    assert [line[20:] for line in shown[-2:]] == ["told to Li Wei", "still true, told before"]


def test_what_was_found_late_says_so(inbox: Inbox, told: Desk) -> None:
    late = event("ACC5", effective_date=TUESDAY - timedelta(days=20))
    told.night(TUESDAY, [DROP, WATCH, late])
    lines = inbox("list", "--account", "ACC5")
    assert lines[1].strip() == "Li Wei, effective 2026-03-18, found late, open"
    assert inbox("show", "ACC5")[-1].endswith("found more than 7 days late: a line of the digest")
