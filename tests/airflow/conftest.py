"""An Airflow home of its own for the tests, named before anything imports Airflow."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-tests-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(ROOT / "dags")
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
sys.path[:0] = [str(ROOT / "plugins"), str(ROOT / "scripts")]


from airflow.sdk.api.datamodels._generated import DagRunType  # noqa: E402 needs the home above


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker of tests that start a real scheduler."""
    config.addinivalue_line("markers", "slow: takes more than ten seconds")


class FakeTask(SimpleNamespace):
    """What a step asks of its task instance; `results` are the values of other tasks."""

    def xcom_pull(self, task_ids: str | list[str]) -> Any:
        """Of several tasks a list comes, of what all their instances returned."""
        if isinstance(task_ids, str):
            return self.results.get(task_ids)
        return [found for task in task_ids for found in self.results.get(task) or [None]]

    def get_task_states(self, dag_id: str, run_ids: list[str]) -> dict[str, Any]:
        return {run_ids[0]: self.states}

    def get_dr_count(self, dag_id: str, run_ids: list[str], states: list[str]) -> int:
        return len(set(run_ids) & self.running)


@pytest.fixture
def context() -> dict[str, Any]:
    """Return the context of a manual run at noon on 2 November 2026 in UTC."""
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    return {
        "params": {"as_of_date": None, "notify": True, "wall_time": None},
        "dag_run": SimpleNamespace(
            run_type=DagRunType.MANUAL, run_after=noon, start_date=noon, logical_date=None,
            data_interval_end=None,
        ),
        "ti": FakeTask(
            dag_id="key_accounts_nightly", task_id="extract", map_index=3, run_id="manual__1",
            try_number=2, log_url="http://127.0.0.1:8080/log", results={}, states={}, running=set(),
        ),
        "triggering_asset_events": {},
    }  # fmt: skip
