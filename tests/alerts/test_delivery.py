"""At least once, never twice under another key: crashes, rivals, faults, real servers."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyaccounts.alerts import schema
from keyaccounts.alerts.channels import Outbox, SmtpChannel
from keyaccounts.alerts.ledger import Ledger
from keyaccounts.errors import ConfigurationError, RunInProgressError

from .conftest import TUESDAY, Desk, Recorder, at, event

NEXT_DAY = TUESDAY + timedelta(days=1)


class Killed(BaseException):
    """Stands for the death of the process."""


def test_a_kill_before_the_send_is_made_up_for_by_the_next_run(desk: Desk) -> None:
    desk.channel.fault = Killed()
    with pytest.raises(Killed):
        desk.night(TUESDAY, [event()])
    files = desk.outbox(".eml")
    desk.channel.fault = None
    desk.night(NEXT_DAY, [event()])
    assert len(desk.channel.sent) == 1
    assert desk.outbox(".eml") == files
    assert desk.last() == [("suppress", "already_sent")]


def test_a_kill_after_the_send_repeats_it_under_the_same_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("keyaccounts.alerts.delivery._note_sent", killed)
        with pytest.raises(Killed):
            desk.night(TUESDAY, [event()])
    assert desk.rows(schema.events)[0]["state"] == "pending"
    desk.night(NEXT_DAY, [event()])
    desk.night(NEXT_DAY, [event()])
    assert len(set(desk.channel.keys)) == 1
    assert len(desk.outbox(".eml")) == 1
    assert desk.rows(schema.events)[0]["state"] == "sent"


def test_a_kill_before_the_ledger_is_written_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("keyaccounts.alerts.notify.record_messages", killed)
        with pytest.raises(Killed):
            desk.night(TUESDAY, [event()])
    assert desk.rows(schema.events) == desk.rows(schema.decisions) == []
    desk.night(TUESDAY, [event()])
    assert len(desk.channel.sent) == 1


def test_a_failing_channel_leaves_the_message_pending_and_the_run_goes_on(desk: Desk) -> None:
    desk.channel.fault = ConnectionRefusedError("no server here")
    summary = desk.night(TUESDAY, [event(), event("ACC2", owner_user_id="am2")])
    assert summary["deliveries"] == {"sent": 2, "waiting": 0, "failed": 2}
    pending = [row for row in desk.rows(schema.messages) if row["status"] == "pending"]
    assert [row["last_error"] for row in pending] == ["ConnectionRefusedError: no server here"] * 2
    desk.channel.fault = None
    desk.night(NEXT_DAY, [event(), event("ACC2", owner_user_id="am2")])
    assert len(desk.channel.sent) == 2
    assert {row["attempts"] for row in desk.rows(schema.messages)} == {1, 2}


def test_a_full_disk_leaves_the_event_pending(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "write", full)
        summary = desk.night(TUESDAY, [event()], channels=[])
    assert summary["deliveries"]["failed"] == 1  # type: ignore[index]
    assert desk.rows(schema.events)[0]["state"] == "pending"
    desk.night(NEXT_DAY, [event()], channels=[])
    assert desk.rows(schema.events)[0]["state"] == "sent"


def test_two_notifiers_at_once_send_once(desk: Desk) -> None:
    desk.publish(date(2026, 4, 6), [event()])
    faults: list[BaseException] = []

    def work(minute: int) -> None:
        try:
            desk.notify(date(2026, 4, 6), at(TUESDAY, 9, minute))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(minute,)) for minute in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(desk.channel.sent) == 1
    assert [row[1] for row in desk.decisions()].count("send") == 1


def test_a_second_notifier_names_the_first(desk: Desk) -> None:
    ledger = Ledger(desk.settings.ledger)
    with (
        ledger.writer("run of the night"),
        pytest.raises(RunInProgressError, match="run of the night"),
        ledger.writer("second", wait_seconds=0.1),
    ):
        pass


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),  # wall day
            st.integers(1, 6),  # how far D lies behind
            st.sets(st.sampled_from(["K1", "K2", "K3", "K4"])),
            st.sampled_from(["run", "run", "run", "held", "released", "silent", "broken"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_sequence_of_runs_tells_a_key_twice(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, runs: list[Any]
) -> None:
    fresh = desk.with_settings(home=tmp_path_factory.mktemp("home"))
    fresh.channel = Recorder()
    known = {
        "K1": event("K1"),
        "K2": event("K2", severity="medium"),
        "K3": event("K3", severity="critical", effective_date=date(2026, 4, 9)),
        "K4": event("K4", owner_user_id=None, effective_date=date(2026, 3, 20)),
    }
    for minute, (wall_day, behind, names, kind) in enumerate([*runs, *runs]):
        wall = TUESDAY + timedelta(days=wall_day)
        fresh.channel.fault = OSError("down") if kind == "broken" else None
        day = wall - timedelta(days=behind)
        failed = ["general_ledger"] if kind in {"held", "released"} else []
        fresh.publish(day, [known[name] for name in sorted(names)], failed_checks=failed)
        fresh.notify(
            day,
            at(wall, 9, minute),
            send=kind != "silent",
            release_holds=kind == "released",
        )
    sends = [row[0] for row in fresh.decisions() if row[1] == "send"]
    assert len(sends) == len(set(sends))
    assert len(fresh.channel.keys) == len(set(fresh.channel.keys))
    assert no_earlier_run_sent(fresh)


def no_earlier_run_sent(desk: Desk) -> bool:
    newest = date.min
    sending = {row["run_id"] for row in desk.rows(schema.decisions) if row["decision"] == "send"}
    for run in desk.rows(schema.runs):
        if run["as_of_date"] < newest and run["run_id"] in sending:
            return False
        newest = max(newest, run["as_of_date"])
    return True


class Inbox(MessageHandler):
    """Keeps the mails that a real server took."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        """Keep one mail."""
        self.mails.append(message)


@contextmanager
def smtp_server(**options: Any) -> Iterator[tuple[Inbox, int]]:
    inbox = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield inbox, port
    finally:
        controller.stop()


def test_a_real_mail_server_gets_each_message_once(desk: Desk) -> None:
    with smtp_server() as (inbox, port):
        real = desk.with_settings(smtp_url=f"smtp://127.0.0.1:{port}")
        real.night(TUESDAY, [event()], channels=None)
        real.night(NEXT_DAY, [event()], channels=None)
    assert [mail["To"] for mail in inbox.mails] == ["Li Wei <li@firm.test>"]
    key = inbox.mails[0]["X-Keyaccounts-Key"]
    assert inbox.mails[0]["Message-ID"] == f"<{key}@localhost>"


def test_starttls_and_login(desk: Desk, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out",
         str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    def check(_server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password == b"p@ss"
        return AuthResult(success=is_right)

    options = {
        "tls_context": tls, "require_starttls": True, "authenticator": check, "auth_required": True,
    }  # fmt: skip
    with smtp_server(**options) as (inbox, port):
        url = f"smtp+starttls://robot:p%40ss@127.0.0.1:{port}"
        desk.night(TUESDAY, [event()], channels=[SmtpChannel(url)])
        assert inbox.mails == []
        assert "certificate" in desk.rows(schema.messages)[1]["last_error"].lower()
        trusting = SmtpChannel(url, ssl.create_default_context(cafile=str(certificate)))
        desk.night(NEXT_DAY, [event()], channels=[trusting])
    assert len(inbox.mails) == 1
    assert "p%40ss" not in repr(trusting)
    assert "p@ss" not in str(desk.rows(schema.messages))


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "smtps://user:secret@host:port"])
def test_a_wrong_smtp_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        SmtpChannel(url)
    assert "secret" not in str(refused.value)
    assert "mail" not in str(refused.value)


def test_bad_addresses_do_not_block_the_channel_for_others(
    desk: Desk, users: Callable[..., None]
) -> None:
    names = ["a1", "a2", "a3", "a4", "z"]
    emails = dict.fromkeys(names) | {"z": "z@firm.test"}
    users([{"user_id": name, "user_name": name, "email": emails[name]} for name in names])
    desk.night(TUESDAY, [event(f"ACC-{name}", owner_user_id=name) for name in names[1:]])
    assert [mail["To"].addresses[0].addr_spec for mail in desk.channel.sent] == ["z@firm.test"]
