"""Charts in Superset's import format: the form that its pages read, and the query of the API."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from keyaccounts.bi.datasets import types_of
from keyaccounts.bi.definition import Chart, Dashboard, Dataset, column_of, stable_id
from keyaccounts.bi.labels import currency_format, format_of, label_of

VIZ = {
    "number": "big_number_total",
    "day": "big_number_total",
    "table": "table",
    "bar": "echarts_timeseries_bar",
    "line": "echarts_timeseries_line",
    "heatmap": "heatmap_v2",
    "waterfall": "waterfall",
}
DAY = "%Y-%m-%d"
UNCACHED = -1


def chart_file(
    dashboard: Dashboard, chart: Chart, dataset: Dataset, currency: str
) -> dict[str, Any]:
    """Return the chart in Superset's import format."""
    if chart.x == "period" and chart.when is None:
        chart = replace(chart, where=f"({chart.where or 'true'}) and is_recent")
    return {
        "slice_name": chart.title,
        "viz_type": VIZ[chart.type],
        "params": {
            "viz_type": VIZ[chart.type],
            "adhoc_filters": _filters(chart, dataset),
            "row_limit": chart.rows if chart.type == "table" else 10000,
            "extra_form_data": {},
            **_form(chart, dataset, currency),
        },
        "query_context": json.dumps(_query_context(chart, dataset)),
        "cache_timeout": UNCACHED if chart.no_cache else None,
        "uuid": chart_id(dashboard, chart),
        "dataset_uuid": stable_id("dataset", dataset.name),
        "is_managed_externally": True,
        "version": "1.0.0",
    }


def chart_id(dashboard: Dashboard, chart: Chart) -> str:
    """Return the identifier of a chart."""
    return stable_id("chart", f"{dashboard.name}/{chart.name}")


def asks_for_days(chart: Chart, dataset: Dataset) -> bool:
    """Tell whether the date filter says something to the chart: it shows more than one day."""
    return dataset.time is not None and chart.when is None


def _form(chart: Chart, dataset: Dataset, currency: str) -> dict[str, Any]:
    if chart.type == "table":
        return _table(chart, dataset, currency)
    metric = chart.metrics[0]
    formats = {
        "y_axis_format": format_of(metric).short,
        "currency_format": currency_format(metric, currency),
    }
    formats = {key: value for key, value in formats.items() if value is not None}
    if chart.type == "day":
        return {
            "metric": _metric(chart, metric),
            "time_format": DAY,
            "force_timestamp_formatting": True,
            "header_font_size": 0.4,
        }
    if chart.type == "number":
        return {"metric": metric, "header_font_size": 0.4, **formats}
    if chart.type == "heatmap":
        return {
            "x_axis": chart.x, "groupby": chart.y, "metric": metric, "normalize_across": "heatmap",
            "sort_x_axis": "alpha_asc", "sort_y_axis": "alpha_desc", "show_values": True,
            "linear_color_scheme": "schemeBlues", "legend_type": "continuous", "show_legend": True,
            "left_margin": "auto", "bottom_margin": "auto", "xscale_interval": -1,
            "yscale_interval": -1, "value_bounds": [None, None],
            "y_axis_format": ".0%" if metric.endswith("_ratio") else format_of(metric).short,
        }  # fmt: skip
    if chart.type == "waterfall":
        return {
            "x_axis": chart.x, "groupby": [], "metric": metric, "show_value": True,
            "show_total": True, "total_label": chart.total, "x_ticks_layout": "45°",
            "increase_color": {"r": 90, "g": 193, "b": 137, "a": 1},
            "decrease_color": {"r": 224, "g": 67, "b": 85, "a": 1},
            "total_color": {"r": 102, "g": 102, "b": 102, "a": 1}, **formats,
        }  # fmt: skip
    return {
        "x_axis": chart.x, "metrics": list(chart.metrics), "order_desc": False,
        "groupby": [chart.split] if chart.split else [], "truncate_metric": True,
        "x_axis_sort": chart.x if chart.x != "driver" else metric, "x_axis_sort_asc": True,
        "sort_series_type": "name", "sort_series_ascending": True,
        "stack": "Stack" if chart.type == "bar" and chart.stacked else None, "show_legend": True,
        "xAxisForceCategorical": True,
        "legendType": "scroll", "legendOrientation": "top", "rich_tooltip": True,
        "showTooltipTotal": chart.type == "bar" and chart.stacked,
        "xAxisLabelRotation": 90 if chart.x == "period" else 45,
        "xAxisLabelInterval": "auto" if chart.x == "entity_percent" else "0",
        "y_axis_title": _axis_title(chart, currency),
        "y_axis_title_margin": 50, "y_axis_title_position": "Left", "zoomable": False,
        "markerEnabled": False, "truncateYAxis": False, **formats,
    }  # fmt: skip


def _axis_title(chart: Chart, currency: str) -> str:
    """Return the unit, of a single line what it is; money has its unit at each tick."""
    metric = chart.metrics[0]
    if format_of(metric).has_currency:
        return ""
    if len(chart.metrics) == 1:
        return label_of(metric, currency)
    return "Days" if metric.endswith("_days") else ""


def _table(chart: Chart, dataset: Dataset, currency: str) -> dict[str, Any]:
    types = types_of(dataset)
    settings: dict[str, dict[str, Any]] = {}
    for column in chart.columns:
        exact = format_of(column, types[column]).exact
        settings[column] = {"d3NumberFormat": exact} if exact else {}
        settings[column]["horizontalAlign"] = "right" if exact else "left"
    return {
        "query_mode": "raw",
        "all_columns": list(chart.columns),
        "order_by_cols": [json.dumps(list(column_of(each))) for each in chart.order],
        "column_config": settings,
        "table_timestamp_format": DAY,
        "page_length": 0 if chart.rows <= 100 else 10,
        "include_search": chart.rows > 100,
        "allow_render_html": True,
        "show_cell_bars": False,
        "color_pn": False,
        "groupby": [],
        "metrics": [],
    }


def _metric(chart: Chart, metric: str) -> Any:
    """Return a metric of the dataset by name; that of a day is written out."""
    if chart.type != "day":
        return metric
    return {
        "expressionType": "SQL",
        "sqlExpression": metric,
        "label": chart.title,
        "hasCustomLabel": True,
        "optionName": f"metric_{chart.name}",
    }


def _filters(chart: Chart, dataset: Dataset) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": condition}
        for condition in chart.conditions
    ]
    if asks_for_days(chart, dataset):
        found.append({
            "clause": "WHERE", "expressionType": "SIMPLE", "operator": "TEMPORAL_RANGE",
            "subject": dataset.time, "comparator": "No filter",
        })  # fmt: skip
    return found


def _query_context(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    """Return what the API of charts asks; pages of the browser make theirs from the form."""
    grouped = [name for name in (chart.x, chart.y, chart.split) if name]
    query: dict[str, Any] = {
        "columns": list(chart.columns) or grouped,
        "filters": [],
        "orderby": [list(column_of(each)) for each in chart.order],
        "row_limit": chart.rows if chart.type == "table" else 10000,
        "extras": {"where": " and ".join(f"({each})" for each in chart.conditions)},
    }
    if chart.type != "table":
        query["metrics"] = [_metric(chart, metric) for metric in chart.metrics]
        query["orderby"] = [[name, True] for name in grouped]
    if asks_for_days(chart, dataset):
        query["granularity"] = dataset.time
        query["time_range"] = "No filter"
    return {
        "datasource": {"type": "table", "id": 0},
        "force": False,
        "queries": [query],
        "form_data": {},
        "result_format": "json",
        "result_type": "full",
    }
