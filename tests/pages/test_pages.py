"""The pages without Airflow: who may see and answer what, and how answers reach the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from fastapi import HTTPException, Request
from fastapi.testclient import TestClient

from keyaccounts.alerts.inbox import Item, read_inbox
from keyaccounts.alerts.links import alert_id_of, link_secret, links_of, signature
from keyaccounts.pages.app import create_app
from keyaccounts.pages.visitors import Visitor, form_token
from tests.alerts.conftest import TUESDAY, Desk, at, drop_payload, event, write_publication

DROP = event(payload=drop_payload())
WATCH = event("ACC2", alert_type="tier_watch", severity="medium", owner_user_id="am2")
SECRET = event(
    "ACC3", alert_type="owner_drag", severity="high", audience="finance_control",
    payload='{"account_name": "<b>Green & Co</b>"}',
)  # fmt: skip
NOON = at(TUESDAY, 12)
LI, EVE = Visitor("li", may_answer=True), Visitor("eve")
BOSS = Visitor("boss", may_answer=True, sees_confidential=True)
NOBODY = HTTPException(401, "Not authenticated")

Browse = Callable[..., TestClient]


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A drop and a confidential alert that were told, and a watch that waits for the digest."""
    desk.night(TUESDAY, [DROP, WATCH, SECRET])
    accounts = [("ACC1", "Blue River Pumps Ltd", "am1"), ("ACC2", "Red <i>Hill</i>", "am2")]
    write_publication(desk.settings.published, TUESDAY, [DROP, WATCH, SECRET], accounts=accounts)
    return desk


@pytest.fixture
def browse(told: Desk) -> Browse:
    """Return the browser of a visitor, or of nobody."""

    def client(who: Visitor | HTTPException = LI, **headers: str) -> TestClient:
        async def visitor_of(_request: Request) -> Visitor:
            if isinstance(who, HTTPException):
                raise who
            return who

        app = create_app(
            lambda: told.settings, visitor_of, lambda r: f"/login?next={r.url.path}", lambda: NOON
        )
        return TestClient(app, follow_redirects=False, headers=headers)

    return client


def item(told: Desk, row: dict[str, Any]) -> Item:
    return read_inbox(told.settings, NOON).find(row["event_key"])


def token(client: TestClient) -> str:
    found = re.search(r'name="token" value="([^"]+)"', client.get("/alerts").text)
    assert found
    return found.group(1)


def id_of(row: dict[str, Any]) -> str:
    return alert_id_of(row["event_key"])


def shown(client: TestClient, **query: str) -> list[str]:
    """Return the accounts of the alerts in the list."""
    return re.findall(
        r'<span class="soft">\((\w+)\)</span>', client.get("/alerts", params=query).text
    )


@contextmanager
def unchanged(told: Desk) -> Iterator[None]:
    before = [i.answers for i in read_inbox(told.settings, NOON).items]
    yield
    assert [i.answers for i in read_inbox(told.settings, NOON).items] == before


PAGES = ("/", "/alerts", f"/alerts/{id_of(DROP)}", "/accounts/ACC1", "/report", "/data-docs/")


@pytest.mark.parametrize("path", PAGES)
def test_without_login_every_page_leads_to_the_login_and_back(browse: Browse, path: str) -> None:
    answer = browse(NOBODY).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")
    assert "Blue" not in answer.text


@pytest.mark.parametrize("path", ["/alerts", f"/alerts/{id_of(DROP)}"])
def test_without_login_no_answer_is_taken(browse: Browse, told: Desk, path: str) -> None:
    form = {"token": token(browse()), "action": "acknowledge", "alert": id_of(DROP)}
    with unchanged(told):
        assert browse(NOBODY).post(path, data=form).status_code == 401


def test_a_role_that_may_not_read_sees_nothing(browse: Browse) -> None:
    answer = browse(HTTPException(403, "your role may not")).get("/alerts")
    assert answer.status_code == 403
    assert "Blue" not in answer.text


def test_who_may_only_read_gets_no_form_and_cannot_answer(browse: Browse, told: Desk) -> None:
    eve = browse(EVE)
    assert '<form method="post"' not in eve.get("/alerts").text
    form = {"action": "acknowledge", "alert": id_of(DROP)}
    form["token"] = form_token(told.settings, EVE)
    with unchanged(told):
        assert "not answer them" in eve.post("/alerts", data=form).text


def test_the_list_is_worst_first_and_escapes_what_the_source_says(browse: Browse) -> None:
    page = browse().get("/alerts").text
    assert page.index("Blue River Pumps Ltd drops from A to B") < page.index("Red &lt;i&gt;Hill")
    assert "profit CNY -373,250.75 (-31.5 %)" in unescape(page)
    assert "<i>" not in page
    assert "<b>Green" not in browse(BOSS).get("/alerts").text


@pytest.mark.parametrize(
    ("query", "accounts"),
    [
        ({}, ["ACC1", "ACC2"]),
        ({"owner": "am2"}, ["ACC2"]),
        ({"severity": "high"}, ["ACC1"]),
        ({"type": "tier_watch"}, ["ACC2"]),
        ({"q": "blue river"}, ["ACC1"]),
        ({"q": "acc2"}, ["ACC2"]),
        ({"status": "acknowledged"}, []),
        ({"status": "all"}, ["ACC1", "ACC2"]),
        ({"page": "99"}, ["ACC1", "ACC2"]),
        ({"page": "x", "nonsense": "1"}, ["ACC1", "ACC2"]),
    ],
)
def test_the_list_can_be_narrowed(
    browse: Browse, query: dict[str, str], accounts: list[str]
) -> None:
    assert shown(browse(), **query) == accounts


def test_a_long_list_has_pages(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyaccounts.pages.facts.PER_PAGE", 1)
    assert shown(browse()) == ["ACC1"]
    assert shown(browse(), page="2") == ["ACC2"]
    second = browse().get("/alerts", params={"page": "2", "status": "all"}).text
    assert 'rel="prev" href="/alerts?status=all&amp;page=1"' in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"action": "acknowledge"}, "acknowledged"),
        ({"action": "snooze", "until": "2026-04-20", "reason": "talks"}, "snoozed"),
        ({"action": "resolve"}, "resolved"),
        ({"action": "accept", "reason": "planned"}, "accepted"),
        ({"action": "comment", "reason": "called them"}, "open"),
    ],
)
def test_an_answer_is_in_the_ledger_with_who_and_when(
    browse: Browse, told: Desk, said: dict[str, str], status: str
) -> None:
    client = browse()
    answer = client.post(f"/alerts/{id_of(DROP)}", data={"token": token(client), **said})
    assert answer.status_code == 303
    found = item(told, DROP)
    assert found.status == status
    (last,) = found.answers
    assert (last.actor, last.at, last.reason) == ("li", NOON, said.get("reason"))
    page = client.get(answer.headers["location"]).text
    assert 'role="status">1 alert ' in page
    assert "by li" in page or "li: called them" in page


def test_several_alerts_are_answered_at_once_and_the_filters_stay(
    browse: Browse, told: Desk
) -> None:
    client = browse()
    form = {"token": token(client), "action": "acknowledge", "back": "q=a&page=1&evil=x",
            "alert": [id_of(DROP), id_of(WATCH)]}  # fmt: skip
    answer = client.post("/alerts", data=form)
    assert answer.headers["location"] == "/alerts?q=a&page=1&done=acknowledged-2"
    assert {item(told, row).status for row in (DROP, WATCH)} == {"acknowledged"}


def test_a_whole_account_can_be_kept_quiet(browse: Browse, told: Desk) -> None:
    client = browse()
    form = {"token": token(client), "action": "snooze", "whole": "yes", "until": "2026-05-01",
            "reason": "talks"}  # fmt: skip
    assert client.post(f"/alerts/{id_of(DROP)}", data=form).status_code == 303
    assert item(told, DROP).answers[-1].target == "ACC1"


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"action": ""}, "choose what to do"),
        ({"action": "delete"}, "choose what to do"),
        ({"action": "snooze", "reason": "talks"}, "snooze until when?"),
        ({"action": "snooze", "until": "2026-04-20"}, "needs a reason"),
        ({"action": "snooze", "until": "2027-04-20", "reason": "x"}, "longer than 90 days"),
        ({"action": "snooze", "until": "2026-02-30", "reason": "x"}, "is not a date"),
        ({"action": "accept"}, "needs a reason"),
    ],
)
@pytest.mark.parametrize("path", ["/alerts", f"/alerts/{id_of(DROP)}"])
def test_a_wrong_answer_says_what_to_mend_and_keeps_what_was_typed(
    browse: Browse, told: Desk, path: str, said: dict[str, str], refusal: str
) -> None:
    client = browse()
    form = {"token": token(client), "alert": id_of(DROP), "reason": "", **said}
    with unchanged(told):
        answer = client.post(path, data=form)
    assert answer.status_code == 400
    assert refusal in unescape(answer.text)
    assert f'name="reason" maxlength="500" value="{said.get("reason", "")}"' in answer.text
    if path == "/alerts":
        assert re.search(f'value="{id_of(DROP)}"[^>]* checked', answer.text)


def test_no_tick_is_no_answer(browse: Browse, told: Desk) -> None:
    client = browse()
    with unchanged(told):
        answer = client.post("/alerts", data={"token": token(client), "action": "resolve"})
    assert "tick the alerts" in answer.text


def test_a_closed_alert_takes_a_comment_only(browse: Browse, told: Desk) -> None:
    client, path = browse(), f"/alerts/{id_of(DROP)}"
    client.post(path, data={"token": token(client), "action": "resolve"})
    assert "Your answer" not in client.get(path).text
    again = client.post(path, data={"token": token(client), "action": "acknowledge"})
    assert "is resolved already" in again.text
    client.post(path, data={"token": token(client), "action": "comment", "reason": "good"})
    assert item(told, DROP).answers[-1].action == "comment"


def test_an_overtaken_alert_leads_to_the_newer_one_and_asks_for_nothing(
    browse: Browse, told: Desk
) -> None:
    page = browse().get(f"/alerts/{id_of(DROP)}").text
    assert "Next step:" in page
    newer = event(effective_date=TUESDAY, payload=drop_payload())
    told.night(TUESDAY, [DROP, WATCH, SECRET, newer])
    page = browse().get(f"/alerts/{id_of(DROP)}").text
    assert f"superseded by {id_of(newer)}" in page
    assert (
        f'/alerts/{id_of(newer)}">Blue River Pumps Ltd drops from A to B</a> · 2026-04-07' in page
    )
    assert "Next step:" not in page
    assert "Your answer" not in page


@pytest.mark.parametrize("path", ["/alerts", f"/alerts/{id_of(DROP)}"])
def test_a_form_of_another_site_or_person_or_day_is_refused(
    browse: Browse, told: Desk, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"action": "acknowledge", "alert": id_of(DROP)}
    mine = token(browse())
    cases = [
        (browse(), {}, "too old"),
        (browse(), {"token": mine + "x"}, "too old"),
        (browse(BOSS), {"token": mine}, "somebody else"),
        (browse(LI, origin="https://evil.test"), {"token": mine}, "another site"),
        (browse(LI, origin="null"), {"token": mine}, "another site"),
    ]
    with unchanged(told):
        for client, given, why in cases:
            answer = client.post(path, data={**form, **given})
            assert answer.status_code == 403
            assert why in answer.text
        monkeypatch.setattr("keyaccounts.pages.visitors.FORM_SECONDS", -1)
        assert "too old" in browse().post(path, data={**form, "token": mine}).text
    monkeypatch.undo()


def test_behind_a_proxy_the_address_of_the_setting_is_our_own(browse: Browse, told: Desk) -> None:
    told.settings = replace(told.settings, airflow_url="https://airflow.test/air")
    client = browse(LI, origin="https://airflow.test", host="10.0.0.7:8080")
    form = {"token": token(client), "action": "acknowledge"}
    assert client.post(f"/alerts/{id_of(DROP)}", data=form).status_code == 303


def test_what_is_for_finance_control_is_seen_by_them_and_by_who_was_sent_the_link(
    browse: Browse, told: Desk
) -> None:
    path = f"/alerts/{id_of(SECRET)}"
    assert shown(browse(), status="all") == ["ACC1", "ACC2"]
    assert shown(browse(BOSS), status="all") == ["ACC3", "ACC1", "ACC2"]
    assert browse().get(path).status_code == 403
    assert "Green" not in browse().get(path).text
    assert browse().get(path, params={"key": "0" * 32}).status_code == 403
    assert browse(BOSS).get(path).status_code == 200
    key = signature(link_secret(told.settings.home), id_of(SECRET))
    assert browse().get(path, params={"key": key}).status_code == 200
    assert browse().get(f"/alerts/{id_of(DROP)}", params={"key": key}).status_code == 200
    assert browse(NOBODY).get(path, params={"key": key}).status_code == 303


def test_a_confidential_alert_is_answered_by_the_link_and_not_without(
    browse: Browse, told: Desk
) -> None:
    client, path = browse(), f"/alerts/{id_of(SECRET)}"
    form = {"token": token(client), "action": "acknowledge", "alert": id_of(SECRET)}
    with unchanged(told):
        assert client.post(path, data=form).status_code == 403
        assert client.post("/alerts", data=form).status_code == 403
    form["key"] = signature(link_secret(told.settings.home), id_of(SECRET))
    assert client.post(path, data=form).status_code == 303
    assert item(told, SECRET).status == "acknowledged"


def test_an_unknown_alert_or_account_or_file_is_said_to_be(browse: Browse, told: Desk) -> None:
    assert browse().get("/alerts/ffffffff").status_code == 404
    assert browse().get("/report").status_code == 404
    docs = told.settings.home / "reports" / "data_docs"
    docs.mkdir(parents=True)
    (docs / "index.html").write_text("<h1>Docs</h1>")
    answer = browse().get("/data-docs/")
    assert (answer.text, answer.headers["content-security-policy"][:7]) == (
        "<h1>Docs</h1>",
        "sandbox",
    )
    for outside in ("%2e%2e/%2e%2e/ledger.sqlite3", "..%2f..%2flink_secret", "%2fetc%2fpasswd"):
        assert browse().get(f"/data-docs/{outside}").status_code == 404


def test_messages_link_to_the_page_when_its_address_is_known(told: Desk) -> None:
    assert links_of(told.settings).alert(DROP["event_key"]) == ""
    settings = replace(told.settings, airflow_url="https://airflow.test/")
    link = links_of(settings).alert(DROP["event_key"])
    assert re.fullmatch(
        rf"https://airflow.test/keyaccounts/alerts/{id_of(DROP)}\?key=\w{{32}}", link
    )
    assert links_of(settings).account("A 1") == "https://bi.test/account/A%201"
    assert links_of(replace(settings, link_base=None)).account("A1").endswith("/accounts/A1")
    other = told.with_settings(airflow_url="https://airflow.test")
    other.night(TUESDAY.replace(day=8), [event("ACC9", payload=drop_payload())])
    assert "Answer: https://airflow.test/keyaccounts/alerts/" in other.text()


def test_the_secret_of_the_links_is_its_owners_alone(told: Desk) -> None:
    first = link_secret(told.settings.home)
    file = told.settings.home / "link_secret"
    assert (link_secret(told.settings.home), file.stat().st_mode & 0o777) == (first, 0o600)
    assert len(first) > 40
