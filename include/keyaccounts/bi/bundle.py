"""All files of the bundle that Superset imports, made of the definitions and a publication."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from keyaccounts.bi.charts import chart_file
from keyaccounts.bi.dashboards import dashboard_file
from keyaccounts.bi.datasets import dataset_file, group_of
from keyaccounts.bi.definition import dashboards, datasets, stable_id
from keyaccounts.publishing.publish import CURRENT

TITLES = {
    "bi": "Keyaccounts",
    "finance_control": "Keyaccounts finance control",
    "data_engineering": "Keyaccounts data engineering",
    "account_team": "Keyaccounts account team",
}


def bundle(published: Path, currency: str) -> dict[str, str]:
    """Return path -> YAML, as `superset import-directory` reads them."""
    known = datasets()
    files: dict[str, Any] = {"metadata.yaml": {"version": "1.0.0", "type": "assets"}}
    for group in sorted({group_of(dataset) for dataset in known.values()}):
        files[f"databases/{group}.yaml"] = database_file(group, published)
    for name, dataset in known.items():
        files[f"datasets/{group_of(dataset)}/{name}.yaml"] = dataset_file(dataset, currency)
    for dashboard in dashboards():
        files[f"dashboards/{dashboard.name}.yaml"] = dashboard_file(dashboard, known, currency)
        for chart in dashboard.charts:
            path = f"charts/{dashboard.name}_{chart.name}.yaml"
            files[path] = chart_file(dashboard, chart, known[chart.data], currency)
    return {
        path: yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        for path, content in files.items()
    }


def database_file(group: str, published: Path) -> dict[str, Any]:
    """Return one of the files of the publication as a database that nobody can write to."""
    inside = "keyaccounts.duckdb" if group == "bi" else f"restricted/{group}.duckdb"
    return {
        "database_name": TITLES[group],
        "sqlalchemy_uri": f"duckdb:///{published / CURRENT / inside}",
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "cache_timeout": None,
        "extra": {
            "allows_virtual_table_explore": True,
            "metadata_params": {},
            "engine_params": {},
            "schemas_allowed_for_file_upload": [],
        },
        "uuid": stable_id("database", group),
        "version": "1.0.0",
    }
