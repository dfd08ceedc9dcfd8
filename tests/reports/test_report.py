"""The page of a publication: nothing from elsewhere, sources escaped, unknown stays unknown."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from keyaccounts.reports import charts, figures
from keyaccounts.reports.report import render

HOSTILE = '<script>alert("1")</script> & <b>Söhne</b>'
NOTHING: dict[str, Any] = {
    "as_of_date": "2026-10-31", "currency": "CNY", "months": [], "now": {}, "before": {},
    "year_before": {}, "worse": [], "better": [], "aging": [], "debtors": [],
    "owed": dict.fromkeys(("gross", "overdue", "older", "unapplied", "disputed")),
    "traps": {"accounts": 0, "amount": None}, "bridge": {}, "leaders": [], "concentration": [],
    "largest": None, "candidates": [], "absent": [], "gaps": [], "empty": 0,
    "quarantined": {}, "marts": 54, "rows": 1234,
}  # fmt: skip
MONTH = {
    "month_end": date(2026, 10, 31), "ttm_net_revenue_amount": Decimal("1000.50"),
    "ttm_profit_amount": Decimal("-20.00"), "a_units_count": 1, "a_profit_ratio": None,
    "dso_countback_days": None, "nrr": None, "grr": None, "a_grr": None, "base_grr": None,
    "is_base_eroding": False, "measure_used": "gross_profit",
}  # fmt: skip
DROP = {
    "event_type": "drop", "from_tier": "A", "to_tier": "B", "severity": "high",
    "cause": "own_decline", "profit_current_amount": Decimal("10.50"),
    "own_profit_change_amount": Decimal("-99.50"), "profit_to_regain_amount": None,
    "account_id": "A1", "account_name": HOSTILE, "owner_name": HOSTILE, "driver": "volume",
    "driver_amount": Decimal("-99.50"),
    "lost": HOSTILE,
}  # fmt: skip


def first_month(**more: Any) -> dict[str, Any]:
    """A company with one month behind it, where most is unknown."""
    return {**NOTHING, "months": [MONTH], "now": MONTH, **more}


def test_before_the_first_month_it_says_what_it_waits_for() -> None:
    page = render(NOTHING)
    assert "There is no complete month with a twelve-month window yet" in page
    assert "<svg" not in page
    assert "54 marts with 1,234 rows passed their checks" in page


def test_what_is_unknown_is_no_zero() -> None:
    page = render(first_month())
    assert "what is owed is not known" in page
    assert "A bridge needs two complete years of data" in page
    assert page.count(f'<div class="value">{figures.UNKNOWN}</div>') == 3
    assert 'class="moved"' not in page
    assert "Gross profit of 12 months" in page
    assert 'class="value">1,001<' in page
    assert "No account dropped, lapsed or was warned of." in page


def test_revenue_is_not_called_profit() -> None:
    ranked = {**MONTH, "measure_used": "net_revenue"}
    page = render(first_month(months=[ranked], now=ranked, worse=[DROP]))
    assert "too few costs are known: accounts are ranked by revenue" in page
    assert "-20" not in page
    assert "Net revenue, 12 months" in page
    assert "Revenue of the twelve months to each month-end" in page


def test_what_moved_is_told_where_both_months_know_it() -> None:
    now = {**MONTH, "nrr": Decimal("1.05"), "dso_countback_days": Decimal("50.4")}
    before = {**MONTH, "nrr": Decimal("1.0625"), "a_units_count": 3}
    page = render(first_month(months=[before, now], now=now, before=before))
    for part in ("-1.3 pp in the month", "-2 in the month"):
        assert part in page
    assert page.count('class="moved"') == 2


def test_text_of_sources_is_text() -> None:
    page = render(first_month(worse=[DROP], quarantined={HOSTILE: 3}, largest=HOSTILE))
    assert "<script" not in page
    assert "<b>" not in page
    assert page.count("&lt;script&gt;") == 4
    assert "&amp; &lt;b&gt;Söhne" in page


def test_nothing_is_fetched() -> None:
    page = render(first_month(worse=[DROP]))
    places = set(re.findall(r"""["'(](https?:[^"')]*)""", page))
    assert places == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(script|link|iframe|img|object)\b|@import|\bsrc=", page)
    assert "default-src 'none'" in page


def test_more_rows_than_fit_are_counted() -> None:
    page = render(first_month(worse=[DROP] * 13))
    assert page.count("drop A → B") == 10
    assert "and 3 more in mart tier_events" in page


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (figures.amount(Decimal("2.5")), "3"),
        (figures.amount(Decimal("-2.5")), "-3"),
        (figures.amount(None), "–"),
        (figures.change(Decimal("-0.4")), "0"),
        (figures.change(Decimal("1234.5")), "+1,235"),
        (figures.change(-2), "-2"),
        (figures.percent(Decimal("0.125")), "13 %"),
        (figures.percent(Decimal("0.1225"), 1), "12.3 %"),
        (figures.points(Decimal("-0.0125")), "-1.3 pp"),
        (figures.points(Decimal("0.0004")), "0.0 pp"),
        (figures.words("coach|not_assessed"), "coach, not assessed"),
    ],
)
def test_figures_round_half_away_from_zero(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_plot_has_gaps_where_a_value_is_unknown_and_is_the_same_each_time() -> None:
    rows = [{"month_end": date(2026, m, 28), "nrr": v}
            for m, v in enumerate([Decimal(1), None, Decimal(2), Decimal(3)], start=1)]  # fmt: skip
    svg = charts.lines(rows, {"nrr": "NRR"}, unit="of revenue", is_ratio=True)
    assert svg == charts.lines(rows, {"nrr": "NRR"}, unit="of revenue", is_ratio=True)
    line = re.search(r'aria-roledescription="line mark".*?d="([^"]+)"', svg)
    assert line is not None
    assert line[1].count("M") == 2, "the line is drawn through the unknown month"
    assert "width=" not in svg[: svg.index(">")]


def test_a_bridge_leads_from_level_to_level() -> None:
    steps = [("Before", 100), ("New", 20), ("Lost", -50), ("Now", 70)]
    svg = charts.bridge([(label, Decimal(value)) for label, value in steps], unit="CNY")
    bars = re.findall(r'aria-roledescription="bar" d="M[\d.]+,([\d.]+)h[\d.]+v([\d.]+)', svg)
    tops = [(float(top), float(height)) for top, height in bars]
    unit = tops[0][1] / 100
    assert [round(height / unit) for _, height in tops] == [100, 20, 50, 70]
    # Each change begins where the one before ends.
    assert tops[1][0] + tops[1][1] == pytest.approx(tops[0][0], abs=0.5)
    assert tops[2][0] == pytest.approx(tops[1][0], abs=0.5)
    assert tops[2][0] + tops[2][1] == pytest.approx(tops[3][0], abs=0.5)
