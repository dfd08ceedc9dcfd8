"""Every chart as every role in a real Superset; figures equal to the marts'."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from keyaccounts.bi.definition import dashboards
from tests.bi.client import User
from tests.bi.conftest import USERS, Home, LocalSuperset

pytestmark = [pytest.mark.bi, pytest.mark.slow]
SignIn = Callable[[str], User]


def role_of(name: str) -> str:
    return USERS.get(name, "account_manager")


def expected(role: str) -> dict[str, int]:
    return {
        each.slug: len(each.charts)
        for each in dashboards()
        if role == "admin" or role in each.roles
    }


@pytest.mark.parametrize("name", [*USERS, "manager"])
def test_every_chart_answers_as_each_role(name: str, manager: str, sign_in: SignIn) -> None:
    user = sign_in(manager if name == "manager" else name)
    may_be_empty = {chart.title for each in dashboards() for chart in each.charts
                    if chart.may_be_empty}  # fmt: skip
    charts = {slug: user.charts(slug) for slug in user.dashboards()}
    assert {slug: len(found) for slug, found in charts.items()} == expected(role_of(user.name))
    wrong = []
    for slug, found in charts.items():
        for chart in found:
            answer = user.call("GET", f"/api/v1/chart/{chart['id']}/data/")
            if answer.status != 200:
                wrong.append((slug, chart["slice_name"], answer.status, answer.text[:200]))
                continue
            (result,) = answer.json["result"]
            values = [value for row in result["data"] for value in row.values()]
            if not any(value is not None for value in values):
                wrong.append((slug, chart["slice_name"], "empty", ""))
    assert [each for each in wrong if each[2] != "empty" or each[1] not in may_be_empty] == []


def test_figures_are_those_of_the_marts(sign_in: SignIn, home: Home) -> None:
    user = sign_in("bi")

    def figure(slug: str, title: str) -> list[dict[str, Any]]:
        (chart,) = [each for each in user.charts(slug) if each["slice_name"] == title]
        answer = user.call("GET", f"/api/v1/chart/{chart['id']}/data/")
        return list(answer.json["result"][0]["data"])

    last = "from marts.portfolio_summary order by month_end desc limit 1"
    ((nrr, grr),) = home.rows(f"select nrr, grr {last}")
    assert figure("retention", "NRR (12 months)")[0]["nrr_ratio"] == pytest.approx(
        float(nrr), abs=1e-6
    )
    assert figure("retention", "GRR (12 months)")[0]["grr_ratio"] == pytest.approx(
        float(grr), abs=1e-6
    )
    ((due,),) = home.rows(
        "select sum(overdue_amount) from marts.receivables_aging "
        "where is_latest and not is_internal"
    )
    assert figure("receivables", "Overdue")[0]["past_due_amount"] == pytest.approx(float(due))
    bridge = figure("retention", "From the book of the year before to that of the last 12 months")
    ((closing,),) = home.rows(
        "select closing_amount from marts.retention_summary where scope_type = 'company' and "
        "measure = 'revenue' and comparison = 'year_over_year' order by month_end desc limit 1"
    )
    assert sum(row["bridge_amount"] for row in bridge) == pytest.approx(float(closing))
    days = {
        row["period"]: row for row in figure("receivables", "Aging at each month-end and today")
    }
    ((closed,),) = home.rows(
        "select sum(current_amount) from marts.receivables_aging "
        "where as_of_date = date '2026-09-30' and not is_internal"
    )
    assert days["2026-09"]["not_due_amount"] == pytest.approx(float(closed))


def test_a_month_that_is_not_complete_says_so(sign_in: SignIn) -> None:
    user = sign_in("bi")
    (chart,) = [c for c in user.charts("receivables") if c["slice_name"].startswith("Aging at")]
    data = user.call("GET", f"/api/v1/chart/{chart['id']}/data/").json["result"][0]["data"]
    periods = [row["period"] for row in data]
    assert periods[-2:] == ["2026-09", "2026-10 (to 20)"]
    assert len(set(periods)) == len(periods)


def test_nothing_comes_from_outside(sign_in: SignIn) -> None:
    page = sign_in("bi").call("GET", "/superset/dashboard/receivables/")
    policy = {key.lower(): value for key, value in page.headers.items()}["content-security-policy"]
    assert "http" not in policy
    assert "'strict-dynamic'" in policy
    assert json.dumps(page.text).count("data-version=") == 1


def test_installing_again_changes_nothing(superset: LocalSuperset, sign_in: SignIn) -> None:
    def seen() -> list[Any]:
        pages = sign_in("bi").dashboards()
        return [pages, *(sorted(c["id"] for c in sign_in("bi").charts(slug)) for slug in pages)]

    before = seen()
    superset.install()
    assert seen() == before


def test_the_months_before_are_a_filter_away(sign_in: SignIn) -> None:
    user = sign_in("bi")
    (chart,) = [c for c in user.charts("receivables") if c["slice_name"].startswith("Aging at")]
    context = user.context_of(chart["id"])
    assert len(user.ask(context).json["result"][0]["data"]) == 19, "18 months and today"
    context["queries"][0]["time_range"] = "2024-03-01 : 2024-06-01"
    data = user.ask(context).json["result"][0]["data"]
    assert [row["period"] for row in data] == ["2024-03", "2024-04", "2024-05"]


def test_a_list_that_is_taken_out_holds_names(sign_in: SignIn, home: Home) -> None:
    user = sign_in("bi")
    (chart,) = [c for c in user.charts("key-accounts") if c["slice_name"] == "The largest today"]
    answer = user.ask({**user.context_of(chart["id"]), "result_format": "csv"})
    assert answer.status == 200, answer.text[:300]
    names = [row[0] for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))]
    largest = home.rows(
        "select account_name from marts.accounts where is_tier_unit and not is_internal "
        "and not is_merged_away and tier is not null order by ttm_profit_amount desc limit 1"
    )
    assert names[1] == largest[0][0]
    assert len(names) > 10
    assert "<a href" not in answer.text
