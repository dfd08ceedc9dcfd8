"""Links from the report into Superset: only where it runs, and with the account chosen."""

from __future__ import annotations

import html
import re

import pytest
from tests.bi.cells import account_cell
from tests.reports.test_report import DROP, HOSTILE, first_month

from keyaccounts.bi.definition import dashboards
from keyaccounts.reports.pages import pages_of
from keyaccounts.reports.report import render

URL = "https://bi.example/"


def link_of_superset(name: str) -> str:
    """Return the link that the datasets of Superset make of an account with this name."""
    return str(re.match(r'<a href="([^"]+)"', account_cell(name))[1])  # type: ignore[index]


@pytest.mark.parametrize("name", ['L\'É!té "A&B" <b>', "北方机械", "a+b (c), d:e", HOSTILE])
def test_an_account_is_chosen_as_superset_itself_does(name: str) -> None:
    ours = pages_of(URL).account(name, "A1")
    assert ours.removeprefix("https://bi.example") == link_of_superset(name)


def test_the_report_leads_to_the_pages() -> None:
    page = render(first_month(worse=[DROP]), pages=pages_of(URL))
    led = [html.unescape(each) for each in re.findall(r'<a href="(https://[^"]+)"', page)]
    slugs = {re.search(r"/dashboard/([\w-]+)/", each)[1] for each in led}  # type: ignore[index]
    assert {"key-accounts", "receivables", "retention", "data-health", "account-360"} == slugs
    assert slugs <= {each.slug for each in dashboards()}
    titles = {each.title for each in dashboards()}
    assert set(re.findall(r">Superset: ([^<]+)</a>", page)) < titles
    assert pages_of(URL).account(HOSTILE, "A1") in led
    assert HOSTILE not in page


@pytest.mark.parametrize("address", [None, "", "bi.example", "javascript:alert(1)"])
def test_without_an_address_nothing_leads_anywhere(address: str | None) -> None:
    page = render(first_month(worse=[DROP]), pages=pages_of(address))
    assert page == render(first_month(worse=[DROP]))
    assert not re.findall(r'<a href="[^#]', page)
