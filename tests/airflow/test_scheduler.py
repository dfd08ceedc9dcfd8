"""One life of a real Airflow: a scheduled night wakes the alerts, a backfill, a refused source."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from local_airflow import LocalAirflow, free_port

from keyaccounts.demo import generate
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.settings import Settings, business_date

pytestmark = pytest.mark.slow

NIGHTLY, ALERTS = "key_accounts_nightly", "key_accounts_alerts"
KEPT = {"crm_accounts", "crm_users", "erp_invoices", "erp_invoice_lines", "erp_exchange_rates"}
PATIENCE_SECONDS = 600
SYSTEMS = """
systems:
  crm: {kind: files, folder: source}
  erp: {kind: files, folder: source, pool: one_at_a_time}
"""


@dataclass
class World:
    """A tiny company, its home, and an Airflow that works on it."""

    airflow: LocalAirflow
    settings: Settings
    source: Path

    def wait_for_run(self, dag_id: str, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first run that fits, once it has ended."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = [run for run in self.airflow.runs(dag_id) if is_it(run)]
            if found and found[0]["state"] in {"success", "failed"}:
                return found[0]
            time.sleep(0.5)
        states = {run["dag_run_id"]: self.states(run) for run in self.airflow.runs(dag_id)}
        raise AssertionError(f"no such run of {dag_id} has ended: {states}")

    def states(self, run: dict[str, Any]) -> dict[str, str]:
        tasks = self.airflow.tasks(run["dag_id"], run["dag_run_id"])
        return {
            f"{t['task_id']} {t['rendered_map_index'] or ''}".strip(): t["state"] for t in tasks
        }

    def spans(self, run: dict[str, Any], task_id: str) -> list[tuple[str, str]]:
        """Return start and end of the instances of a task, the first one first."""
        tasks = self.airflow.tasks(run["dag_id"], run["dag_run_id"])
        return sorted((t["start_date"], t["end_date"]) for t in tasks if t["task_id"] == task_id)

    def explain(self, run: dict[str, Any]) -> str:
        tasks = self.airflow.tasks(run["dag_id"], run["dag_run_id"])
        return "\n".join(self.airflow.log(t) for t in tasks if t["state"] == "failed")

    def alerts_of(self, nightly: dict[str, Any]) -> dict[str, Any]:
        """Return the alerts run that a nightly run woke."""
        extra = self.event_of(nightly)["extra"]
        run = self.wait_for_run(ALERTS, lambda run: self.trigger_of(run) == extra)
        assert run["state"] == "success", self.explain(run)
        return run

    def event_of(self, nightly: dict[str, Any]) -> dict[str, Any]:
        run_id = nightly["dag_run_id"].replace("+", "%2B")
        path = f"/api/v2/assets/events?source_run_id={run_id}&limit=100"
        events = self.airflow.call("GET", path)["asset_events"]
        return next(e for e in events if e["name"] == "key_accounts_published")

    def trigger_of(self, run: dict[str, Any]) -> dict[str, Any]:
        path = f"/api/v2/dags/{ALERTS}/dagRuns/{run['dag_run_id'].replace('+', '%2B')}"
        events = self.airflow.call("GET", f"{path}/upstreamAssetEvents")["asset_events"]
        return dict(events[-1]["extra"])

    def published(self) -> str:
        version = current_version(self.settings)
        assert version
        return str(read_manifest(version)["as_of_date"])

    def outbox(self) -> set[str]:
        return {file.name for file in self.settings.outbox.rglob("*.eml")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("scheduler")
    source, home = folder / "source", folder / "home"
    end = date.today().replace(day=1) - timedelta(days=1)  # noqa: DTZ011 any month-end will do
    generate(source, accounts=10, months=30, end=end, seed=7, lines=1500)
    for file in source.glob("*.parquet"):
        if file.stem not in KEPT:
            file.unlink()
    sources = folder / "sources.yml"
    entities = "".join(f"  {name}: {{from: {name[:3]}}}\n" for name in sorted(KEPT))
    sources.write_text(f"{SYSTEMS}entities:\n{entities}", encoding="utf-8")
    environment = {
        "KEYACCOUNTS_HOME": str(home),
        "KEYACCOUNTS_SOURCES": str(sources),
        "KEYACCOUNTS_DATA_ENGINEERS": "data@firm.test",
        "AIRFLOW__KEYACCOUNTS__DELIVERY_SCHEDULE": "none",
        "AIRFLOW__KEYACCOUNTS__UPKEEP_SCHEDULE": "none",
    }
    airflow = LocalAirflow(folder / "airflow", free_port(), environment)
    airflow.init()
    airflow.run("pools", "set", "one_at_a_time", "1", "the ERP has few connections")
    airflow.start()
    try:
        airflow.wait_until_healthy(180)
        airflow.wait_for_dags(NIGHTLY, ALERTS)
        for dag_id in (ALERTS, NIGHTLY):
            airflow.set_paused(dag_id, paused=False)
        yield World(airflow, Settings(home=home, source=source), source)
    finally:
        airflow.stop()


def test_a_night_a_backfill_and_a_refused_source(world: World) -> None:
    # Switched on, the DAG runs for the last night; the asset wakes the alerts for the same day.
    night = world.wait_for_run(NIGHTLY, lambda run: run["run_type"] == "scheduled")
    assert night["state"] == "success", world.explain(night)
    end = datetime.fromisoformat(night["data_interval_end"])
    day = business_date(end, world.settings.timezone)
    assert world.published() == str(day)
    extra = world.event_of(night)["extra"]
    assert (extra["as_of_date"], extra["notify"]) == (str(day), True)
    spans = world.spans(night, "extract_erp")
    assert len(spans) == len([name for name in KEPT if name.startswith("erp")])
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    alerts = world.alerts_of(night)
    told = world.airflow.xcom(ALERTS, alerts["dag_run_id"], "notify")
    assert (alerts["logical_date"], told["as_of_date"]) == (None, str(day))

    # Two earlier nights again: they take turns, and send nothing.
    before = world.outbox()
    first = datetime.fromisoformat(night["logical_date"]) - timedelta(days=2)
    world.airflow.run(
        "backfill", "create", "--dag-id", NIGHTLY, "--from-date", first.isoformat(),
        "--to-date", (first + timedelta(days=1)).isoformat(),
    )  # fmt: skip
    for offset in (2, 1):
        wanted = datetime.fromisoformat(night["logical_date"]) - timedelta(days=offset)
        again = world.wait_for_run(NIGHTLY, _of(wanted))
        assert (again["run_type"], again["state"]) == ("backfill", "success"), world.explain(again)
        extra = world.event_of(again)["extra"]
        assert (extra["as_of_date"], extra["notify"]) == (str(day - timedelta(days=offset)), False)
        world.alerts_of(again)
    assert world.outbox() == before

    # A source that breaks the contract: refused at once, told, and nothing is published.
    published = current_version(world.settings)
    (world.source / "crm_users.parquet").unlink()
    (world.source / "crm_users.csv").write_text("name\nLi Wei\n", encoding="utf-8")
    run_id = world.airflow.trigger(NIGHTLY, {"as_of_date": str(day)})
    refused = world.wait_for_run(NIGHTLY, lambda run: run["dag_run_id"] == run_id)
    states = world.states(refused)
    assert refused["state"] == "failed"
    assert (states["extract crm_users"], states["publish"]) == ("failed", "upstream_failed")
    assert (states["extract crm_accounts"], states["report_run"]) == ("success", "success")
    notices = world.outbox() - before
    assert [name for name in notices if name.startswith("data")] == list(notices)
    assert len(notices) == 1
    assert current_version(world.settings) == published
    assert world.airflow.import_errors() == []


def _of(logical_date: datetime) -> Callable[[dict[str, Any]], bool]:
    return lambda run: (
        bool(run["logical_date"]) and (datetime.fromisoformat(run["logical_date"]) == logical_date)
    )
