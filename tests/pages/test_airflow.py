"""The page in a real Airflow, in a real browser: login, menu, reading, answering by keyboard."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from keyaccounts import nightly
from keyaccounts.alerts import schema
from keyaccounts.alerts.inbox import WAITING, Inbox, Item, read_inbox
from keyaccounts.alerts.ledger import Ledger
from keyaccounts.settings import Settings
from keyaccounts.warehouse.docs import write_docs
from tests.conftest import run_at, silent
from tests.end_to_end.demo_company import DAY, copy_home
from tests.end_to_end.published import Publication

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from local_airflow import HOST, LocalAirflow, free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: see scripts/setup_browser.sh"),
]
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
USERS = {"admin": "admin", "vera": "viewer", "finn": "user"}


@dataclass
class Desk:
    """A published home with alerts that were told, and an Airflow that shows it."""

    airflow: LocalAirflow
    settings: Settings
    browser: Browser

    def page(self, user: str | None, width: int = 1280) -> Page:
        """Return a window of its own, logged in."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, base_url=self.address
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        if user:
            page.goto("/keyaccounts/")
            self.log_in(page, user)
        return page

    def log_in(self, page: Page, user: str) -> None:
        passwords = json.loads((self.airflow.home / "passwords.json").read_text("utf-8"))
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", passwords[user])
        page.keyboard.press("Enter")
        page.wait_for_url("**/keyaccounts/**")

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.airflow.port}"

    def inbox(self) -> Inbox:
        return read_inbox(self.settings, datetime.now(UTC))

    def waiting(self, count: int = 1) -> list[Item]:
        """Return alerts that everybody may see and nobody has answered, worst first."""
        return [
            i for i in self.inbox().items if i.status == "open" and not i.is_confidential
        ][:count]  # fmt: skip

    def answered(self, item: Item) -> list[tuple[str, str, str | None]]:
        with closing(Ledger(self.settings.ledger)) as ledger, ledger.transaction() as connection:
            actions = schema.actions
            return [
                (row.action, row.actor, row.reason)
                for row in connection.execute(
                    select(actions).where(actions.c.target == item.entry.event_key)
                )
            ]


@pytest.fixture(scope="module")
def desk(undisturbed: Publication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("pages")
    home = copy_home(undisturbed, folder / "home")
    write_docs(undisturbed.settings, silent)
    for name in ("landing", "reports", "runs"):
        shutil.copytree(undisturbed.settings.home / name, home / name)
    settings = replace(
        undisturbed.settings, home=home, go_live_date=date(2026, 9, 1), fallback_manager="U0001"
    )
    nightly.notify(settings, run_at(DAY), log=silent)
    environment = {
        "KEYACCOUNTS_HOME": str(home),
        "KEYACCOUNTS_CONFIDENTIAL_USERS": "finn, nobody",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{r}" for u, r in USERS.items()),
    }
    airflow = LocalAirflow(folder / "airflow", free_port(), environment)
    airflow.init()
    airflow.start("api-server")
    try:
        airflow.wait_until_healthy()
        assert airflow.import_errors() == []
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            yield Desk(airflow, settings, browser)
            browser.close()
    finally:
        airflow.stop()


def test_a_link_in_a_mail_leads_by_the_login_to_its_alert(desk: Desk) -> None:
    (item,) = desk.waiting()
    page = desk.page(None)
    page.goto(f"/keyaccounts/alerts/{item.alert_id}")
    assert "/auth/login" in page.url
    assert item.title not in page.content()
    desk.log_in(page, "vera")
    expect(page.get_by_role("heading", level=1)).to_have_text(item.title)


def test_the_menu_of_airflow_leads_to_the_page(desk: Desk) -> None:
    page = desk.page("vera")
    page.goto("/")
    page.get_by_text("Browse").click()
    link = page.get_by_role("menuitem", name="Key accounts")
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.get_by_role("heading", name="What is published")).to_be_visible()


def test_the_overview_says_what_is_published_and_how_it_got_there(desk: Desk) -> None:
    page = desk.page("admin")
    text = page.locator("main").inner_text()
    marts = len(list((desk.settings.published / "current").rglob("parquet/*.parquet")))
    assert re.search(rf"Figures as of the end of\s+{DAY}", text)
    assert re.search(rf"Marts\s+{marts}\b", text)
    assert "days behind" in text
    assert "extract: done · check-landing: done · build: done" in text
    page.get_by_text("entities landed").click()
    expect(page.get_by_role("cell", name="erp_invoice_lines")).to_be_visible()
    page.get_by_role("link", name="What the checks at both borders observed").click()
    page.get_by_role("link", name="Checks of the marts, newest run").click()
    expect(page.get_by_text("Expectation").first).to_be_visible()


def test_the_report_opens_and_cannot_act_for_its_reader(desk: Desk) -> None:
    page = desk.page("admin")
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Key accounts")
    assert page.evaluate("window.origin") == "null"


def test_the_documentation_of_the_models_opens(desk: Desk) -> None:
    page = desk.page("admin")
    page.get_by_role("link", name="Every model: columns, meaning, lineage").click()
    page.goto("/keyaccounts/dbt-docs#!/model/model.keyaccounts.account_tiers")
    expect(page.get_by_text("One row per month-end and tier unit").first).to_be_visible()


def test_an_alert_is_answered_by_keyboard_alone(desk: Desk) -> None:
    (item,) = desk.waiting()
    page = desk.page("admin")
    page.goto("/keyaccounts/alerts")
    page.get_by_label("Account or words").focus()
    page.keyboard.type(item.alert_id)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "alert":
            break
    page.keyboard.press("Space")
    for name, keys in (("action", "Snooze"), ("until", None), ("reason", "talks with the buyer")):
        while page.evaluate("document.activeElement.name") != name:
            page.keyboard.press("Tab")
        if keys:
            page.keyboard.type(keys)
        else:
            page.fill("input[name=until]", page.get_attribute("input[name=until]", "max") or "")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 alert snoozed.")
    assert desk.answered(item) == [("snooze", "admin", "talks with the buyer")]


def test_a_refused_answer_says_why_and_a_right_one_leaves_the_list(desk: Desk) -> None:
    first, second = desk.waiting(2)
    page = desk.page("finn")
    page.goto("/keyaccounts/alerts")
    for item in (first, second):
        page.locator(f"input[value='{item.alert_id}']").check()
    page.locator("select[name=action]").select_option("accept")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("alert")).to_contain_text("needs a reason")
    page.locator("input[name=reason]").fill("planned <b>wind-down</b>")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("status")).to_have_text("2 alerts accepted.")
    for item in (first, second):
        assert desk.answered(item) == [("accept", "finn", "planned <b>wind-down</b>")]
        expect(page.locator(f"input[value='{item.alert_id}']")).to_have_count(0)
    page.goto(f"/keyaccounts/alerts/{first.alert_id}")
    expect(page.get_by_text("accepted by finn: planned <b>wind-down</b>")).to_be_visible()


def test_a_viewer_reads_and_cannot_answer(desk: Desk) -> None:
    page = desk.page("vera", width=420)
    page.goto("/keyaccounts/alerts")
    expect(page.get_by_text("vera (reads only)")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_another_site_cannot_answer_with_the_cookie_of_a_visitor(desk: Desk) -> None:
    (item,) = desk.waiting()
    page = desk.page("admin")
    page.goto(f"/keyaccounts/alerts/{item.alert_id}")
    token = page.get_attribute("input[name=token]", "value")
    form = f'<form method="post" action="{desk.address}/keyaccounts/alerts/{item.alert_id}">'
    form += f'<input name="token" value="{token}"><input name="action" value="resolve"></form>'
    page.goto("data:text/html," + form)
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    assert desk.answered(item) == []


def test_what_is_for_finance_control_is_shown_to_them_alone(desk: Desk) -> None:
    secret = [i for i in desk.inbox().items if i.is_confidential and i.status in WAITING]
    assert secret, "the demo company has an alert of finance control"
    path = f"/keyaccounts/alerts/{secret[0].alert_id}"
    admin, finn = desk.page("admin"), desk.page("finn")
    answer = admin.goto(path)
    assert answer
    assert answer.status == 403
    assert secret[0].title not in admin.content()
    finn.goto(path)
    expect(finn.get_by_role("heading", level=1)).to_have_text(secret[0].title)
