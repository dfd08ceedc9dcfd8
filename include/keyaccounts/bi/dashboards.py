"""Dashboards in Superset's import format: the grid, and the filters with the charts they reach."""

from __future__ import annotations

from typing import Any

from keyaccounts.bi.charts import asks_for_days, chart_id
from keyaccounts.bi.datasets import ACCOUNT_FILTER
from keyaccounts.bi.definition import Chart, Dashboard, Dataset, stable_id
from keyaccounts.bi.labels import label_of

HEIGHTS = {"number": 15, "day": 15, "table": 60, "bar": 50, "line": 50, "heatmap": 60}
COLORS = {
    "A": "#1b4f72", "B": "#2e86c1", "C": "#a9cce3", "NEW": "#58d68d", "INACTIVE": "#b2babb",
    "active": "#52be80", "at_risk": "#f5b041", "churned": "#cb4335",
    "rise": "#52be80", "reactivated": "#a9dfbf", "drop": "#cb4335", "lapsed": "#b2babb",
    "new": "#2e86c1", "won_back": "#85c1e9", "expansion": "#52be80", "contraction": "#f5b041",
    "churn": "#cb4335", "ok": "#52be80", "different": "#cb4335", "not_available": "#b2babb",
    "not_due_amount": "#a9cce3", "past_due_1_30_amount": "#f9e79f",
    "past_due_31_60_amount": "#f5b041", "past_due_61_90_amount": "#dc7633",
    "past_due_90_plus_amount": "#a93226",
}  # fmt: skip
"""One colour for one meaning on all pages."""
SELECTS = {
    "channel": ("account_channel", "Channel"),
    "region": ("account_region", "Region"),
    "owner": ("account_owner", "Account manager"),
    "tier": ("account_tier", "Tier"),
    "account": ("account_label", "Account"),
}


def dashboard_file(
    dashboard: Dashboard, datasets: dict[str, Dataset], currency: str
) -> dict[str, Any]:
    """Return the dashboard in Superset's import format."""
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "slug": dashboard.slug,
        "uuid": stable_id("dashboard", dashboard.name),
        "published": True,
        "is_managed_externally": True,
        "css": "",
        "version": "1.0.0",
        "position": _position(dashboard),
        "metadata": {
            "color_scheme": "supersetColors",
            "label_colors": {
                **COLORS,
                **{label_of(name, currency): COLORS[name] for name in COLORS if "_amount" in name},
            },
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
            "expanded_slices": {},
            "timed_refresh_immune_slices": [],
            "filter_bar_orientation": "HORIZONTAL",
            "native_filter_configuration": [
                _filter(dashboard, name, datasets) for name in dashboard.filters
            ],
        },
    }


def _position(dashboard: Dashboard) -> dict[str, Any]:
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": dashboard.title}},
    }
    for number, charts in enumerate(dashboard.rows, 1):
        row = f"ROW-{number}"
        position["GRID_ID"]["children"].append(row)
        position[row] = {
            "id": row,
            "type": "ROW",
            "children": [_key(chart) for chart in charts],
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        height = max(chart.height or HEIGHTS.get(chart.type, 50) for chart in charts)
        for chart in charts:
            position[_key(chart)] = {
                "id": _key(chart),
                "type": "CHART",
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID", row],
                "meta": {
                    "uuid": chart_id(dashboard, chart),
                    "chartId": _number(dashboard, chart),
                    "sliceName": chart.title,
                    "width": chart.width,
                    "height": height,
                },
            }
    return position


def _filter(dashboard: Dashboard, name: str, datasets: dict[str, Dataset]) -> dict[str, Any]:
    """Return a filter; charts that it says nothing to are out of its scope."""
    is_out = [
        chart for chart in dashboard.charts if not _reaches(name, datasets[chart.data], chart)
    ]
    found: dict[str, Any] = {
        "id": ACCOUNT_FILTER if name == "account" else f"NATIVE_FILTER-{name}",
        "type": "NATIVE_FILTER",
        "description": "",
        "cascadeParentIds": [],
        "scope": {
            "rootPath": ["ROOT_ID"],
            "excluded": [_number(dashboard, chart) for chart in is_out],
        },
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
    }
    if name == "date":
        return {
            **found,
            "name": "Months",
            "filterType": "filter_time",
            "targets": [{}],
            "controlValues": {"enableEmptyFilter": False},
        }
    column, title = SELECTS[name]
    is_one = name == "account"
    return {
        **found,
        "name": title,
        "filterType": "filter_select",
        "requiredFirst": is_one,
        "targets": [{"column": {"name": column}, "datasetUuid": stable_id("dataset", "accounts")}],
        "controlValues": {
            "multiSelect": not is_one,
            "enableEmptyFilter": is_one,
            "defaultToFirstItem": is_one,
            "inverseSelection": False,
            "searchAllOptions": is_one,
            "sortAscending": True,
        },
    }


def _reaches(name: str, dataset: Dataset, chart: Chart) -> bool:
    if name == "date":
        return asks_for_days(chart, dataset)
    return dataset.account_key is not None and chart.type != "day"


def _key(chart: Chart) -> str:
    return f"CHART-{chart.name}"


def _number(dashboard: Dashboard, chart: Chart) -> int:
    """Return a number that stands for the chart until the import gives it its own."""
    return dashboard.charts.index(chart) + 1
