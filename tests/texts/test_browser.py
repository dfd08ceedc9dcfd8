"""The Chinese report in a real browser, wide and narrow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from keyaccounts.reports.report import render
from keyaccounts.texts import texts_in
from tests.reports.test_report import DROP, MONTH, first_month

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium: bash scripts/setup_browser.sh"
)


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM)
        yield browser.new_page()
        browser.close()


def _facts() -> dict[str, Any]:
    """Two years of months, with all that has a plot."""
    months = [
        {**MONTH, "month_end": date(2024 + m // 12, m % 12 + 1, 28), "nrr": Decimal("1.05"),
         "dso_countback_days": Decimal(50 + m), "a_grr": Decimal("0.9"), "grr": Decimal("0.8"),
         "base_grr": Decimal("0.7"), "ttm_net_revenue_amount": Decimal(60_000_000 + m)}
        for m in range(25)
    ]  # fmt: skip
    buckets = ("due", "d30", "d60", "d90", "older")
    aging = [
        {"month_end": row["month_end"], **dict.fromkeys(buckets, Decimal(2_500_000))}
        for row in months
    ]
    return first_month(
        months=months, now=months[-1], before=months[-2], aging=aging, worse=[DROP] * 3
    )


@pytest.mark.parametrize("width", [1200, 390])
def test_the_chinese_report_fits(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(render(_facts(), texts_in("zh")))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    shown = page.locator("figure svg").first.text_content() or ""
    assert "2026年1月" in shown
    assert "6,000万" in shown
