"""The notice of a failed task, and the mail server of the connection."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

import keyaccounts_notices as notices
from keyaccounts.alerts.channels import SmtpChannel


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the connection `keyaccounts_smtp`; there is none at the start."""

    def put(found: Connection | None) -> None:
        def get(name: str) -> Connection:
            if found is None:
                raise AirflowNotFoundException(name)
            return found

        monkeypatch.setattr(notices.BaseHook, "get_connection", get)

    put(None)
    return put


def smtp(extra: str = "{}", **fields: Any) -> Connection:
    return Connection(
        conn_id="keyaccounts_smtp", conn_type="smtp", host="mail.test", extra=extra, **fields
    )


@pytest.mark.parametrize(
    ("found", "url"),
    [
        (smtp(login="a@b", password="p/w:1", port=465), "smtps://a%40b:p%2Fw%3A1@mail.test:465"),
        (smtp('{"disable_ssl": true}', port=587), "smtp+starttls://mail.test:587"),
        (smtp('{"disable_ssl": true, "disable_tls": true}'), "smtp://mail.test"),
    ],
)
def test_a_connection_becomes_a_mail_address(found: Connection, url: str) -> None:
    assert notices.smtp_url(found) == url
    SmtpChannel(url)


def test_without_a_connection_the_settings_decide(connection: Callable[..., None]) -> None:
    assert notices.mail_channels() is None
    connection(smtp())
    assert [channel.url for channel in notices.mail_channels()] == ["smtps://mail.test"]


def test_a_failure_is_told_with_task_message_and_log(
    context: dict[str, Any], connection: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[EmailMessage] = []
    monkeypatch.setenv("KEYACCOUNTS_HOME", str(tmp_path))
    monkeypatch.setenv("KEYACCOUNTS_DATA_ENGINEERS", "data@firm.test")
    monkeypatch.setattr(notices, "mail_channels", lambda: [SimpleNamespace(send=sent.append)])
    context["ti"].results = {"resolve_run": {"as_of_date": "2026-10-31"}}
    notices.tell_failure({**context, "exception": ValueError("erp_invoices.csv line 812")})
    text = sent[0].get_body(("plain",)).get_content().replace("\n", " ")
    assert sent[0]["Subject"] == "key_accounts_nightly: extract[3] failed"
    assert "erp_invoices.csv line 812" in text
    assert "http://127.0.0.1:8080/log" in text
    assert "2026-10-31" in text
    assert list((tmp_path / "outbox" / "2026-10-31").glob("*.eml"))


def test_a_failing_notice_does_not_hide_the_failure(
    context: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KEYACCOUNTS_TIMEZONE", "Nowhere/Else")
    notices.tell_failure(context)
    assert "notice to the data engineers failed" in caplog.text
