"""The documentation of the project as one page: every model with columns, meaning, SQL, lineage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.settings import Settings
from keyaccounts.warehouse.build import built_state, project_of
from keyaccounts.warehouse.dbt_process import call, environment_of
from keyaccounts.warehouse.duckdb_engine import close_warehouse, variables_of

MADE, PAGE = "static_index.html", "index.html"


def docs_folder(settings: Settings) -> Path:
    """Return where the page lies."""
    return settings.home / "reports" / "dbt_docs"


def built(settings: Settings) -> dict[str, Any]:
    """Return what the warehouse holds; raises ConfigurationError before the first build."""
    state = built_state(settings)
    if not state or not settings.warehouse.is_file():
        raise ConfigurationError(
            f"nothing is built in {settings.home.name}: run `keyaccounts nightly` first"
        )
    return state


def write_docs(settings: Settings, log: Callable[[str], None] = print) -> Path:
    """Write the page of what was built last in DuckDB, and return it.

    Raises ConfigurationError before the first build, KeyaccountsError when dbt fails.
    """
    state = built(settings)
    folder = docs_folder(settings)
    draft = folder.with_name(".dbt_docs")
    shutil.rmtree(draft, ignore_errors=True)
    command = ["docs", "generate", "--static", "--vars", json.dumps(state["variables"])]
    try:
        with environment_of({"DBT_WRITE_JSON": "true"}):
            result = call(command, project_of(settings), draft, variables_of(settings), log)
    finally:
        close_warehouse()
    if not result.success or not (draft / MADE).is_file():
        raise KeyaccountsError(f"dbt wrote no documentation: {result.exception}")
    folder.mkdir(parents=True, exist_ok=True)
    page = (draft / MADE).replace(folder / PAGE)
    shutil.rmtree(draft)
    return page
