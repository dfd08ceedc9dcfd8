"""The Data Docs: they name what failed, stand alone, and stay bounded."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from keyaccounts.errors import CheckFailedError
from keyaccounts.quality import check_landing, check_marts, docs
from keyaccounts.settings import Settings
from tests.conftest import run_at, silent
from tests.quality.conftest import DAY, Marts, company, deliver


def test_a_failed_check_leaves_a_page_that_names_it(
    marts: Marts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    marts.change("delete from marts.accounts where account_id = 'IN'")
    with pytest.raises(CheckFailedError, match=r"Details: reports/data_docs/index.html"):
        check_marts(marts.settings, marts.run, silent)
    site = marts.settings.home / "reports" / "data_docs"
    index = (site / "index.html").read_text("utf-8")
    links = re.findall(r"href='([^']+)'", index)
    assert all((site / link).is_file() for link in links)
    page = next(link for link in links if link.startswith("validations/marts/identity/"))
    text = (site / page).read_text("utf-8")
    assert "The mart of accounts has the landed accounts" in text
    assert "Failed" in text
    assert "accounts has 1 rows, landed are 2" in (site / "marts.html").read_text("utf-8")
    assert list(work.iterdir()) == []


def test_no_page_fetches_anything(home: Settings) -> None:
    deliver(home, run_at(DAY), **company(2))
    check_landing(home, run_at(DAY), silent)
    pages = list((home.home / "reports" / "data_docs").glob("**/*.html"))
    assert len(pages) > 5
    for page in pages:
        fetched = re.findall(
            r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//|url\([\"']?https?:",
            page.read_text("utf-8"),
        )
        assert fetched == [], page


def test_pages_of_other_days_and_of_the_other_border_stay(home: Settings, only: Any) -> None:
    only("required_entities_have_rows")
    deliver(home, run_at(DAY), **company(2))
    for day in ("2026-06-28", "2026-06-29", DAY):
        check_landing(home, run_at(day), silent)
    site = home.home / "reports" / "data_docs"
    days = {page.parts[-3] for page in site.glob("validations/landing/loads/*/*/*.html")}
    assert days == {"2026-06-28", "2026-06-29", DAY}
    docs.take_over(site.with_name("none"), site, "landing", keep=2)
    left = {page.parts[-3] for page in site.glob("validations/landing/loads/*/*/*.html")}
    assert left == {"2026-06-29", DAY}


def test_great_expectations_is_imported_late() -> None:
    source = Path(sys.modules["keyaccounts.quality.great"].__file__ or "").read_text("utf-8")
    assert not re.search(r"^(from|import) great_expectations", source, re.M)
    others = Path(source and docs.__file__).parent.glob("*.py")
    importing = [f.name for f in others if "import great_expectations" in f.read_text("utf-8")]
    assert importing == ["great.py"]
