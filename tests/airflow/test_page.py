"""What the plugin of the page adds to Airflow: where the login leads back to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fastapi import Request

from keyaccounts_page import login_url


@pytest.mark.parametrize(
    ("own", "path", "back"),
    [
        ("", "/keyaccounts/alerts", "http://10.0.0.7:8080/keyaccounts/alerts?q=a%20b"),
        ("https://air.test", "/keyaccounts/alerts", "https://air.test/keyaccounts/alerts?q=a%20b"),
        ("https://x.test/air/", "/keyaccounts/", "https://x.test/air/keyaccounts/?q=a%20b"),
        ("https://x.test/air", "/air/keyaccounts/", "https://x.test/air/keyaccounts/?q=a%20b"),
    ],
)
def test_the_login_leads_back_by_the_address_that_people_know(
    monkeypatch: pytest.MonkeyPatch, own: str, path: str, back: str
) -> None:
    manager = SimpleNamespace(get_url_login=lambda next_url: next_url)
    monkeypatch.setattr("airflow.api_fastapi.app.get_auth_manager", lambda: manager)
    monkeypatch.setenv("KEYACCOUNTS_AIRFLOW_URL", own)
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"q=a%20b",
        "headers": [(b"host", b"10.0.0.7:8080")], "scheme": "http", "server": ("10.0.0.7", 8080),
    }  # fmt: skip
    assert login_url(Request(scope)) == back
