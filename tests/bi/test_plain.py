"""What is taken out of Superset as CSV, without a Superset."""

from __future__ import annotations

import csv
import io

import pytest

from keyaccounts.bi.plain import without_links
from tests.bi.cells import account_cell


def exported(name: str) -> str:
    """Return CSV as Superset writes it of an account with this name and its link."""
    rows = [(account_cell(name), "2026-01-31")]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("Account", "Month, end"), *rows])
    return out.getvalue()


@pytest.mark.parametrize("name", ['L\'É!té "A&B" <b>', "北方, Maschinen\nAG", "plain", "1-2"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["bare", "marked"])
def test_a_name_is_a_name(name: str, mark: str) -> None:
    text = without_links(mark + exported(name))
    assert text.startswith(mark)
    rows = list(csv.reader(io.StringIO(text.removeprefix(mark), newline="")))
    assert rows == [["Account", "Month, end"], [name, "2026-01-31"]]


@pytest.mark.parametrize("name", ["=1+2", "@x", "-2", "+3", " =1", "|x"])
def test_a_name_is_no_formula(name: str) -> None:
    rows = list(csv.reader(io.StringIO(without_links(exported(name)), newline="")))
    assert rows[1][0] == f"'{name}"


def test_what_holds_no_link_stays_as_it_is() -> None:
    text = "a;b\r\n1;'=2'\r\n"
    assert without_links(text) == text
    other = '"<a href=""https://x.example/"">y</a>",1\n'
    assert without_links(other) == other
