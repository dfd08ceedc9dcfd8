"""What the operators hand over, and what they make of errors."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from tests.faults.small import small_company

import keyaccounts_operators as operators
from keyaccounts import nightly
from keyaccounts.errors import (
    CheckFailedError,
    ConfigurationError,
    KeyaccountsError,
    RunInProgressError,
    SourceRefusedError,
)
from keyaccounts.settings import Settings, load_settings

FACTS = {"as_of_date": "2026-10-31", "wall_time": "2026-11-02T09:00:00+08:00", "notify": True}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEYACCOUNTS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(operators, "LOCK_PATIENCE_SECONDS", 0)
    return tmp_path / "home"


@pytest.fixture
def published(home: Path) -> str:
    """Publish an empty version and return its day."""
    version = home / "published" / "000001_2026-09-30"
    version.mkdir(parents=True)
    (version / "manifest.json").write_text('{"as_of_date": "2026-09-30"}', encoding="utf-8")
    (home / "published" / "current").symlink_to(version.name)
    return "2026-09-30"


def execute(operator: Any, context: dict[str, Any]) -> Any:
    """Call `execute` as the task runner does."""
    sentinel = type(operator).execute.__globals__["ExecutorSafeguard"].sentinel_value
    return operator.execute(context, **{f"{type(operator).__name__}__sentinel": sentinel})


@pytest.mark.parametrize("error", [ConfigurationError, SourceRefusedError, CheckFailedError])
def test_what_another_try_cannot_mend_fails_at_once(
    error: type[KeyaccountsError], context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "build", lambda *_: (_ for _ in ()).throw(error("line 812")))
    with pytest.raises(AirflowFailException, match="line 812"):
        execute(operators.BuildOperator(task_id="build", facts=FACTS), context)


@pytest.mark.parametrize("error", [KeyaccountsError, RunInProgressError, OSError])
def test_what_may_pass_is_left_to_the_retries(
    error: type[Exception], context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "build", lambda *_: (_ for _ in ()).throw(error("busy")))
    with pytest.raises(error, match="busy"):
        execute(operators.BuildOperator(task_id="build", facts=FACTS), context)


def test_a_step_waits_for_the_run_that_holds_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(operators, "LOCK_PATIENCE_SECONDS", 120)
    answers, lines = iter([RunInProgressError("another run"), None]), []

    def step() -> str:
        if error := next(answers):
            raise error
        return "done"

    assert operators.patiently(step, lines.append) == "done"
    assert lines == ["waiting: another run"]


def test_publishing_tells_the_alerts_what_they_need(
    context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = SimpleNamespace(extra={})
    context["outlet_events"] = {operators.PUBLISHED: event}
    copies: list[str | None] = []

    def publish(settings: Settings, *_: Any) -> dict[str, Any]:
        copies.append(settings.bi_url)
        return {"version": "000007", "rows": {}}

    monkeypatch.setattr(nightly, "publish", publish)
    execute(operators.PublishOperator(task_id="publish", facts=FACTS), context)
    assert event.extra == {**FACTS, "version": "000007"}
    monkeypatch.setenv("AIRFLOW_CONN_KEYACCOUNTS_BI", "postgres://bi:secret@warehouse:5432/sales")
    execute(operators.PublishOperator(task_id="publish", facts=FACTS), context)
    assert copies == [None, "postgresql://bi:secret@warehouse:5432/sales"]


def event_of(day: str, hour: int, **extra: Any) -> SimpleNamespace:
    return SimpleNamespace(
        timestamp=datetime(2026, 11, 2, hour, tzinfo=UTC),
        extra={**FACTS, "as_of_date": day, **extra},
    )


def test_alerts_take_the_newest_event(context: dict[str, Any], published: str) -> None:
    old, new = event_of("2026-10-30", 1), event_of("2026-10-31", 2, notify=False)
    context["triggering_asset_events"] = {operators.PUBLISHED: [new, old]}
    found = operators.alert_facts(context, load_settings())
    assert found == {**FACTS, "notify": False}


def test_alerts_by_hand_take_the_publication(context: dict[str, Any], published: str) -> None:
    found = operators.alert_facts(context, load_settings())
    assert found == {"as_of_date": published, "wall_time": None, "notify": True}


def test_alerts_without_a_publication_say_so(context: dict[str, Any]) -> None:
    with pytest.raises(KeyaccountsError, match="publi"):
        execute(operators.NotifyOperator(task_id="notify"), context)


def test_runs_take_turns_on_the_home(context: dict[str, Any]) -> None:
    """Airflow counts backfills apart, so two runs of the DAG can be under way at once."""
    first, second = context, {**context, "ti": type(context["ti"])(**vars(context["ti"]))}
    second["ti"].run_id = "backfill__1"
    settings = load_settings()
    assert operators.claim(settings, first, FACTS) is None
    second["ti"].running = {"manual__1"}
    assert operators.claim(settings, second, FACTS) == "manual__1"
    second["ti"].running = set()
    assert operators.claim(settings, second, FACTS) is None


def test_a_report_after_a_failure_names_the_task(context: dict[str, Any], home: Path) -> None:
    context["ti"].results = {
        "resolve_run": FACTS,
        "extract": [{"entity": "crm_accounts", "rows": 5, "quarantined": 1}],
    }
    context["ti"].states = {"extract_0": "success", "build": "failed", "publish": "upstream_failed"}
    found = execute(operators.ReportRunOperator(task_id="report_run", facts=FACTS), context)
    written = json.loads((home / "runs" / "2026-10-31.json").read_text("utf-8"))
    assert (found["status"], found["failed_tasks"]) == ("failed", ["build", "publish"])
    assert written["extract"][0]["rows"] == 5


def test_report_and_alerts_share_the_manifest(context: dict[str, Any], home: Path) -> None:
    settings = load_settings()
    run = operators.as_run(FACTS, settings.timezone)
    operators.add_to_manifest(settings, run, {"notify": {"events": 3}})
    operators.add_to_manifest(settings, run, {"status": "done"})
    assert nightly.run_summary(settings, run) == {"notify": {"events": 3}, "status": "done"}
    assert run.as_of_date == date(2026, 10, 31)


def test_extract_takes_connections_and_confirmations_of_airflow(
    context: dict[str, Any], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "crm.db"
    con = sqlite3.connect(database, isolation_level=None)
    con.execute("create table users (user_id, user_name)")
    con.execute("insert into users values (1, 'A')")
    small_company(tmp_path / "files")
    text = "systems: {crm: {kind: sql, connection: crm_db}, files: {kind: files, folder: files}}"
    files = "".join(
        f"\n  {name}: {{from: files}}"
        for name in ("crm_accounts", "erp_invoices", "erp_invoice_lines")
    )
    file = tmp_path / "sources.yml"
    file.write_text(f"{text}\nentities:\n  crm_users: {{from: crm, table: users}}{files}", "utf-8")
    monkeypatch.setenv("KEYACCOUNTS_SOURCES", str(file))
    monkeypatch.setenv("AIRFLOW_CONN_CRM_DB", f"sqlite:///{database}")
    planned = execute(operators.PlanExtractOperator(task_id="plan_extract", facts=FACTS), context)
    assert planned == ["crm_accounts", "crm_users", "erp_invoices", "erp_invoice_lines"]
    file.write_text(file.read_text("utf-8").replace("crm_db}", "crm_db, pool: few}"), "utf-8")
    found = [
        execute(operators.PlanExtractOperator(task_id=f"plan_{task}", extract=task), context)
        for task in ("extract", "extract_crm")
    ]
    assert found == [["crm_accounts", "erp_invoices", "erp_invoice_lines"], ["crm_users"]]
    step = operators.ExtractOperator(task_id="extract", facts=FACTS, entity="crm_users")
    assert execute(step, context)["rows"] == 1
    con.execute("delete from users")
    with pytest.raises(AirflowFailException, match="--allow-empty crm_users"):
        execute(step, context)
    context["params"]["allow_empty"] = ["crm_users"]
    assert execute(step, context)["rows"] == 0
    monkeypatch.delenv("AIRFLOW_CONN_CRM_DB")
    with pytest.raises(AirflowFailException, match="there is no connection crm_db"):
        execute(step, context)


def test_an_entity_that_no_task_read_is_missed(
    home: Path, context: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool was named after the scheduler had read the DAG: its task is not in the run."""
    small_company(tmp_path / "source")
    monkeypatch.setenv("KEYACCOUNTS_SOURCE", str(tmp_path / "source"))
    settings, step = load_settings(), operators.CheckLandingOperator(task_id="c", facts=FACTS)
    loads = [
        nightly.extract(settings, operators.as_run(FACTS, settings.timezone), entity)
        for entity in nightly.planned_entities(settings)
    ]
    context["ti"].results = {"extract": loads[1:]}
    with pytest.raises(AirflowFailException, match="crm_accounts was read by no task of this run"):
        execute(step, context)
    context["ti"].results = {"extract": loads}
    assert execute(step, context)["checks"]


def test_the_engine_of_the_build_is_a_setting(
    home: Path, context: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_company(tmp_path / "source")
    monkeypatch.setenv("KEYACCOUNTS_SOURCE", str(tmp_path / "source"))
    monkeypatch.setenv("KEYACCOUNTS_ENGINE", "spark")
    monkeypatch.setenv("KEYACCOUNTS_SPARK_PYTHON", str(tmp_path / "python"))
    settings = load_settings()
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, operators.as_run(FACTS, settings.timezone), entity)
    with pytest.raises(AirflowFailException, match="make setup-spark"):
        execute(operators.BuildOperator(task_id="build", facts=FACTS), context)
