"""The dashboards in Chromium, as people see them: all pages, the click to an account, a swap."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from keyaccounts.bi.definition import dashboards
from tests.bi.client import User
from tests.bi.conftest import PASSWORD, USERS, Home, LocalSuperset

pytestmark = [pytest.mark.bi, pytest.mark.slow]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
PATIENCE = 240_000
"""Milliseconds: the first page of a Superset that has just started takes long on a busy machine."""


@dataclass
class Window:
    """A window with somebody signed in, and what its pages asked for."""

    page: Any
    url: str
    data: list[tuple[int, str]] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def open(self, path: str) -> str:
        """Open a page, wait until its charts are drawn, return its text."""
        self.data.clear()
        self.page.goto(self.url + path)
        self.page.wait_for_selector(".dashboard-component-chart-holder", timeout=PATIENCE)
        return self.drawn()

    def drawn(self) -> str:
        """Wait until nothing loads any more and return the text of the page."""
        self.page.wait_for_load_state("networkidle", timeout=PATIENCE)
        # Not by a function of ours: the page's own policy lets nothing be evaluated.
        loading = self.page.locator("[data-test=loading-indicator], .loading")
        expect(loading).to_have_count(0, timeout=PATIENCE)
        return str(self.page.inner_text("body"))

    @property
    def version(self) -> str:
        """The version that the page was opened with."""
        return str(self.page.evaluate("document.querySelector('[data-version]').dataset.version"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium: bash scripts/setup_browser.sh")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def context(browser: Any) -> Any:
    """One profile of the browser: what pages share is read and compiled once."""
    return browser.new_context(viewport={"width": 1440, "height": 4000})


@pytest.fixture
def window(
    context: Any, superset: LocalSuperset, sign_in: Callable[[str], User]
) -> Iterator[Callable[[str], Window]]:
    """Return what opens a window for a user who is signed in."""
    made = []

    def opened(name: str) -> Window:
        context.clear_cookies()
        context.add_cookies(
            [{"name": key, "value": value, "url": superset.url}
             for key, value in sign_in(name).cookies.items()]
        )  # fmt: skip
        found = Window(context.new_page(), superset.url)
        made.append(found.page)

        def note(answer: Any) -> None:
            if "/api/v1/chart/data" in answer.url:
                found.data.append((answer.status, answer.url))
            if not answer.url.startswith((superset.url, "data:", "blob:")):
                found.outside.append(answer.url)

        found.page.on("response", note)
        return found

    yield opened
    for page in made:
        page.close()


def test_who_signs_in_is_in(context: Any, superset: LocalSuperset) -> None:
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"{superset.url}/superset/dashboard/data-health/")
    page.fill("#username", "bi")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".dashboard-component-chart-holder", timeout=PATIENCE)
    assert "/login" not in page.url
    page.close()


@pytest.mark.parametrize("page", dashboards(), ids=lambda page: page.name)
def test_every_page_is_drawn(page: Any, window: Any, manager: str) -> None:
    names = {role: name for name, role in USERS.items()} | {"account_manager": manager}
    seen = window(names[page.roles[0]])
    text = seen.open(f"/superset/dashboard/{page.slug}/")
    assert [each for each in seen.data if each[0] != 200] == []
    assert len(seen.data) >= len(page.charts)
    for chart in page.charts:
        assert chart.title in text
    for wrong in ("Data error", "Unexpected error", "00:00:00", "NaN", "undefined"):
        assert wrong not in text, wrong
    assert "CN¥" in text or "(CNY)" in text or page.name == "data_health"
    empty = sum(chart.may_be_empty for chart in page.charts)
    assert text.count("No results") + text.count("No data") <= empty
    assert seen.outside == []


def test_a_click_on_an_account_leads_to_all_of_it(window: Any) -> None:
    seen = window("bi")
    seen.open("/superset/dashboard/key-accounts/")
    link = seen.page.locator("a[href*='account-360']").first
    name = link.inner_text()
    link.click()
    seen.page.wait_for_url("**/account-360/**")
    seen.page.wait_for_selector(".dashboard-component-chart-holder", timeout=PATIENCE)
    text = seen.drawn()
    assert text.count(f"{name} (A") == 2, "once in the filter, once in the account's own facts"
    assert text.count("01 Account") == 1
    assert [each for each in seen.data if each[0] != 200] == []


def test_an_open_page_moves_to_a_new_version_as_a_whole(
    window: Any, home: Home, tmp_path: Path
) -> None:
    first = home.current.name
    seen = window("bi")
    seen.open("/superset/dashboard/receivables/")
    assert seen.version == first
    try:
        newest = home.publish(3)
        with seen.page.expect_navigation(timeout=60_000):
            seen.page.get_by_role("button", name="sync").or_(
                seen.page.locator("[aria-label=sync]")
            ).first.click()
        seen.drawn()
        assert seen.version == newest
    finally:
        home.point(first)
        shutil.rmtree(home.published / newest)
