"""`make demo`: the demo company through a real Airflow, two month-ends, and what came of it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local_airflow import ROOT, LocalAirflow, LocalAirflowError, free_port

KEYACCOUNTS = Path(sys.executable).with_name("keyaccounts")
NIGHTS = (
    ("2026-09-30", "2026-10-01T09:00:00+08:00"),
    ("2026-10-31", "2026-11-02T09:00:00+08:00"),
)
GO_LIVE = "2026-10-01"
NIGHTLY, ALERTS = "key_accounts_nightly", "key_accounts_alerts"
FINAL = {"success", "failed"}
NIGHT_SECONDS = 900


def main() -> int:
    """Generate, run both nights in Airflow, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--accounts", default="300")
    parser.add_argument("--months", default="48")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    airflow = LocalAirflow(folder / "airflow", free_port(), demo_environment(folder))
    try:
        with ThreadPoolExecutor() as both:
            say("Generating the demo company; preparing Airflow")
            prepared = both.submit(airflow.init)
            generate(folder / "source", options.accounts, options.months)
            prepared.result()
        say("Starting Airflow: web server, scheduler, DAG processor")
        airflow.start()
        airflow.wait_until_healthy()
        airflow.wait_for_dags(NIGHTLY, ALERTS)
        say(f"Airflow answers on 127.0.0.1:{airflow.port}")
        for dag_id in (ALERTS, NIGHTLY):
            airflow.set_paused(dag_id, paused=False)
        for as_of_date, wall_time in NIGHTS:
            run_night(airflow, as_of_date, wall_time)
    except LocalAirflowError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    finally:
        airflow.stop()
    print()
    done = subprocess.run(
        [KEYACCOUNTS, "demo", "summary", "--home", folder / "home"], check=False
    ).returncode
    say(f"Demo done in {time.monotonic() - started:.0f} s. `make up` opens Airflow on what you saw")
    return done


def demo_environment(folder: Path) -> dict[str, str]:
    """Return the settings of the demo company; nothing runs by the clock."""
    return {
        "KEYACCOUNTS_HOME": str(folder / "home"),
        "KEYACCOUNTS_SOURCE": str(folder / "source"),
        "KEYACCOUNTS_GO_LIVE_DATE": GO_LIVE,
        "AIRFLOW__KEYACCOUNTS__NIGHTLY_SCHEDULE": "none",
        "AIRFLOW__KEYACCOUNTS__DELIVERY_SCHEDULE": "none",
        "AIRFLOW__KEYACCOUNTS__UPKEEP_SCHEDULE": "none",
    }


def generate(out: Path, accounts: str, months: str) -> None:
    """Write the contract files of the company."""
    command = [KEYACCOUNTS, "demo", "generate", "--out", out, "--accounts", accounts]
    command += ["--months", months, "--end", NIGHTS[-1][0]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalAirflowError(done.stderr)


def run_night(airflow: LocalAirflow, as_of_date: str, wall_time: str) -> None:
    """Run the nightly DAG for a day and wait for the alerts that its publication wakes."""
    say(f"Night of {as_of_date}: {NIGHTLY}")
    known = {run["dag_run_id"] for run in airflow.runs(ALERTS)}
    run_id = airflow.trigger(NIGHTLY, {"as_of_date": as_of_date, "wall_time": wall_time})
    follow(airflow, NIGHTLY, run_id)
    end = time.monotonic() + 60
    while not (woken := [r for r in airflow.runs(ALERTS) if r["dag_run_id"] not in known]):
        if time.monotonic() > end:
            raise LocalAirflowError("the published asset did not wake the alerts")
        time.sleep(0.3)
    follow(airflow, ALERTS, woken[0]["dag_run_id"])


def follow(airflow: LocalAirflow, dag_id: str, run_id: str) -> None:
    """Print every task as it ends; raises with the log of the first task that failed."""
    told: set[str] = set()
    end = time.monotonic() + NIGHT_SECONDS
    while time.monotonic() < end:
        state = next(r["state"] for r in airflow.runs(dag_id) if r["dag_run_id"] == run_id)
        tasks = airflow.tasks(dag_id, run_id)
        for task in tasks:
            if task["id"] not in told and task["state"] in {*FINAL, "up_for_retry"}:
                told.add(task["id"])
                name = task["rendered_map_index"] or ""
                say(f"  {task['task_id']} {name}: {task['state']} in {task['duration'] or 0:.1f} s")
        if state in FINAL:
            break
        time.sleep(0.5)
    report = [t for t in tasks if t["task_id"] in {"report_run", "notify"}]
    failed = [t for t in tasks if t["state"] == "failed"]
    for task in failed or report:
        print(airflow.log(task))
    if state != "success":
        raise LocalAirflowError(f"{dag_id} {run_id} ended as {state}")


_start = time.monotonic()


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _start:6.1f} s] {text}", flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
