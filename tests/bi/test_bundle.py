"""What is imported into Superset, without a Superset: units, dates, no sums over days, rights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyaccounts.bi.bundle import bundle
from keyaccounts.bi.charts import chart_file
from keyaccounts.bi.datasets import dataset_file, marts, sql_of, types_of
from keyaccounts.bi.definition import Chart, Dashboard, Dataset, dashboards, datasets, roles
from keyaccounts.bi.labels import label_of
from keyaccounts.errors import ConfigurationError

KNOWN = datasets()
DRAWN = [(dashboard, chart) for dashboard in dashboards() for chart in dashboard.charts]
NAMES = [f"{dashboard.name}/{chart.name}" for dashboard, chart in DRAWN]
DAYS = {"as_of_date", "month_end"}


def drawn(dashboard: Dashboard, chart: Chart) -> dict[str, Any]:
    return chart_file(dashboard, chart, KNOWN[chart.data], "EUR")


def shows_one_day(chart: Chart, dataset: Dataset) -> bool:
    """Tell whether each figure of the chart is of one day."""
    if chart.when or dataset.time not in DAYS:
        return True
    return chart.x == "period" if chart.type != "table" else dataset.time in chart.columns


@pytest.mark.parametrize(("dashboard", "chart"), DRAWN, ids=NAMES)
def test_no_chart_adds_a_stock_up_over_days(dashboard: Dashboard, chart: Chart) -> None:
    dataset = KNOWN[chart.data]
    counts_rows = set(chart.metrics) <= {
        "checks_that_differ_count", "values_count"
    } and chart.metrics  # fmt: skip
    assert shows_one_day(chart, dataset) or counts_rows, chart.name


def test_a_stock_that_is_added_up_over_days_is_seen() -> None:
    wrong = Chart("x", "x", "number", "aging", 12, metrics=("outstanding_amount",))
    assert not shows_one_day(wrong, KNOWN["aging"])
    by_channel = Chart("x", "x", "bar", "aging", 12, metrics=("past_due_amount",), x="channel")
    assert not shows_one_day(by_channel, KNOWN["aging"])


@pytest.mark.parametrize(("dashboard", "chart"), DRAWN, ids=NAMES)
def test_money_has_its_currency_and_days_are_days(dashboard: Dashboard, chart: Chart) -> None:
    dataset, params = KNOWN[chart.data], drawn(dashboard, chart)["params"]
    columns = {c["column_name"]: c for c in dataset_file(dataset, "EUR")["columns"]}
    metrics = {m["metric_name"]: m for m in dataset_file(dataset, "EUR")["metrics"]}
    for metric in chart.metrics:
        if metric.endswith("_amount"):
            assert metrics[metric]["currency"]["symbol"] == "EUR"
            assert params["currency_format"]["symbol"] == "EUR"
    types = types_of(dataset)
    for column in chart.columns:
        if types[column] == "money" and column != "open_document_amount":
            assert columns[column]["verbose_name"].endswith("(EUR)"), column
        if types[column] in {"date", "timestamp"}:
            assert columns[column]["is_dttm"]
            assert params["table_timestamp_format"] == "%Y-%m-%d"
        if types[column] in {"money", "ratio", "integer", "days"}:
            assert params["column_config"][column]["d3NumberFormat"], column


@pytest.mark.parametrize(
    ("dashboard", "chart"), [each for each in DRAWN if each[1].type == "heatmap"]
)
def test_only_a_ratio_is_a_percentage(dashboard: Dashboard, chart: Chart) -> None:
    is_percentage = "%" in drawn(dashboard, chart)["params"]["y_axis_format"]
    assert is_percentage == chart.metrics[0].endswith("_ratio")


@pytest.mark.parametrize(("dashboard", "chart"), DRAWN, ids=NAMES)
def test_columns_of_charts_are_there(dashboard: Dashboard, chart: Chart) -> None:
    types = types_of(KNOWN[chart.data])
    used = [*chart.columns, *(order.split()[0] for order in chart.order)]
    used += [name for name in (chart.x, chart.y, chart.split) if name]
    assert [name for name in used if name not in types] == []


@pytest.mark.parametrize("name", KNOWN)
def test_columns_come_from_the_contract(name: str) -> None:
    dataset = KNOWN[name]
    contract = {c["name"]: c["meaning"] for c in marts()[dataset.mart]["columns"]}
    made = {c["column_name"]: c["description"] for c in dataset_file(dataset, "EUR")["columns"]}
    assert {k: v for k, v in made.items() if k in contract} == {
        k: v for k, v in contract.items() if not dataset.only or k in dataset.only
    }
    assert all(made.values())
    assert not set(dataset.metrics) & set(made), "a metric that is named like a column"


def test_a_bundle_says_the_same_each_time_and_names_no_two_things_alike() -> None:
    first, again = (bundle(Path("/x/published"), "EUR") for _ in range(2))
    assert first == again
    found = [yaml.safe_load(text).get("uuid") for text in first.values()]
    identifiers = [each for each in found if each]
    assert len(set(identifiers)) == len(identifiers) > 100
    assert "duckdb:////x/published/current/keyaccounts.duckdb" in first["databases/bi.yaml"]


def test_an_account_leads_to_its_page_whatever_its_name() -> None:
    import duckdb

    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        "create table marts.accounts as select 'A1' as account_id, 'L''É!té \"A&B\" <b>' as "
        "account_name, null as owner_user_id, null as owner_name, 'x' as channel, null as region, "
        "null as tier"
    )
    con.execute("create table marts.service_levels as select 'A1' as account_id, "
                "date '2026-01-31' as month_end")  # fmt: skip
    ((link, label),) = con.execute(
        f"select account, account_label from ({sql_of(KNOWN['service'], 'EUR')})"
    ).fetchall()
    con.close()
    assert label == 'L\'É!té "A&B" <b> (A1)'
    target, text = re.fullmatch(r'<a href="([^"]+)">(.*)</a>', link).groups()  # type: ignore[union-attr]
    assert text == "L'É!té &quot;A&amp;B&quot; &lt;b&gt;"
    assert not re.search(r"[\s<>&']", target.partition("?")[2])
    from urllib.parse import unquote

    quoted = label.replace("!", "!!").replace("'", "!'")
    assert f"val:!('{quoted}')" in unquote(target)


def test_labels_tell_the_unit() -> None:
    told = {
        "overdue_31_60_amount": "Overdue 31-60 (EUR)",
        "overdue_90_plus_amount": "Overdue 90+ (EUR)",
        "dso_countback_days": "DSO countback (days)",
        "is_payment_trap": "Payment trap",
        "nrr_ratio": "NRR",
    }
    assert {name: label_of(name, "EUR") for name in told} == told


def test_a_dashboard_is_for_roles_that_may_read_what_it_shows() -> None:
    from keyaccounts.bi.access import readable

    may = {name: set(readable(role, KNOWN)) for name, role in roles().items()}
    wrong = [
        (dashboard.name, chart.name, role)
        for dashboard, chart in DRAWN
        for role in dashboard.roles
        if chart.data not in may[role]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        ({"width": 11}, "twelve columns"),
        ({"type": "pie"}, "chart type pie"),
        ({"data": "nothing"}, "datasets.yml has no nothing"),
        ({"metric": "nothing"}, "no metric nothing"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_definition_that_cannot_be_drawn_is_refused(
    chart: dict[str, Any], message: str, tmp_path: Path
) -> None:
    from keyaccounts.bi.definition import FOLDER

    right = {"name": "x", "title": "x", "type": "number", "data": "aging", "width": 12,
             "metric": "outstanding_amount"}  # fmt: skip
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "datasets.yml").write_text((FOLDER / "datasets.yml").read_text("utf-8"), "utf-8")
    page = {"title": "x", "description": "x", "roles": [], "filters": [],
            "rows": [[{**right, **chart}]]}  # fmt: skip
    (tmp_path / "dashboards" / "x.yml").write_text(json.dumps(page), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        dashboards(tmp_path)
