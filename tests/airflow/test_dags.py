"""The DAG files as Airflow reads them."""

from __future__ import annotations

import ast
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
DAG_IDS = {
    "key_accounts_alerts",
    "key_accounts_delivery",
    "key_accounts_nightly",
    "key_accounts_upkeep",
}
HEAVY = {"duckdb", "pyarrow", "pandas", "dbt", "great_expectations", "sqlalchemy"}


@pytest.fixture(scope="module")
def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


def test_every_file_holds_the_dag_of_its_name(bag: Any) -> None:
    assert {file.stem for file in FILES} == DAG_IDS
    assert set(bag.dags) == DAG_IDS


def test_no_file_fails_or_warns_at_import(bag: Any) -> None:
    assert bag.import_errors == {}
    assert bag.captured_warnings == {}


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_every_dag_follows_the_rules(bag: Any, dag_id: str) -> None:
    from keyaccounts_notices import tell_failure

    dag = bag.dags[dag_id]
    assert (dag.catchup, dag.max_active_runs, dag.tags) == (False, 1, {"key-accounts"})
    assert dag.doc_md.startswith("## ")
    assert "hen it fails" in dag.doc_md or "hen a task fails" in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "data-engineering"
        assert (
            task.partial_kwargs["on_failure_callback"] == [tell_failure]
            if (task.is_mapped)
            else task.on_failure_callback == [tell_failure]
        )


def test_the_nightly_steps_stand_in_one_line(bag: Any) -> None:
    tasks = ["resolve_run", "plan_extract", "extract", "check_landing", "build", "check_marts"]
    tasks += ["publish", "report_run"]
    dag = bag.dags["key_accounts_nightly"]
    assert [task.task_id for task in dag.topological_sort()] == tasks
    for before, after in itertools.pairwise(tasks):
        assert after in dag.get_task(before).downstream_task_ids
    assert dag.get_task("extract").is_mapped


@pytest.mark.parametrize(
    ("crm", "erp", "tasks"),
    [
        ("", ", pool: one", {"extract": "default_pool", "extract_erp": "one"}),
        (", pool: two", ", pool: one", {"extract_crm": "two", "extract_erp": "one"}),
        ("", ", pol: one", {"extract": "default_pool"}),
    ],
    ids=["one of two", "both", "a wrong file is told by its run"],
)
def test_a_system_that_names_a_pool_is_read_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: str, erp: str, tasks: dict[str, str]
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    file = tmp_path / "sources.yml"
    file.write_text(
        f"systems: {{crm: {{kind: files, folder: x{crm}}}, erp: {{kind: files, folder: y{erp}}}}}\n"
        "entities:\n  crm_accounts: {from: crm}\n  erp_invoices: {from: erp}\n"
        "  erp_invoice_lines: {from: erp}\n",
        "utf-8",
    )
    monkeypatch.setenv("KEYACCOUNTS_SOURCES", str(file))
    bag = DagBag(str(ROOT / "dags" / "key_accounts_nightly.py"))
    assert bag.import_errors == {}
    dag = bag.dags["key_accounts_nightly"]
    assert {t.task_id: t.pool for t in dag.tasks if t.task_id.startswith("extract")} == tasks
    for task in tasks:
        assert dag.get_task(f"plan_{task}").downstream_task_ids == {task}
        assert dag.get_task(task).downstream_task_ids == {"check_landing"}


def test_the_report_does_not_hide_a_failure(bag: Any) -> None:
    """A teardown runs after failures and does not count for the state of the run."""
    report = bag.dags["key_accounts_nightly"].get_task("report_run")
    assert report.is_teardown
    assert not report.on_failure_fail_dagrun


def test_publishing_wakes_the_alerts(bag: Any) -> None:
    outlets = bag.dags["key_accounts_nightly"].get_task("publish").outlets
    condition = bag.dags["key_accounts_alerts"].timetable.asset_condition
    assert outlets[0].name == "key_accounts_published"
    assert list(condition.objects) == outlets[:1]


def test_each_mart_is_an_asset(bag: Any) -> None:
    outlets = bag.dags["key_accounts_nightly"].get_task("publish").outlets[1:]
    marts = sorted(f.stem for f in (ROOT / "dbt_project" / "models" / "marts").glob("*/*.sql"))
    assert len(marts) >= 15
    assert [asset.name for asset in outlets] == [f"keyaccounts_{mart}" for mart in marts]


def test_a_night_ends_at_half_past_two_of_the_business_zone(bag: Any) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable

    timetable = coerce_to_core_timetable(bag.dags["key_accounts_nightly"].timetable)
    now = datetime(2026, 11, 1, 3, 0, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
    end = timetable.infer_manual_data_interval(run_after=now).end
    assert end.astimezone(ZoneInfo("Asia/Shanghai")).isoformat() == "2026-11-01T02:30:00+08:00"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_is_wiring_only(file: Any) -> None:
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    imports = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else []
        )
    }  # fmt: skip
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert len(text.splitlines()) <= 120
    assert not imports & HEAVY
    assert all(function.end_lineno - function.lineno <= 6 for function in functions)
