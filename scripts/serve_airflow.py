"""`make up` and `make down`: Airflow with its pages, on the demo or on your own source.

With `KEYACCOUNTS_SOURCE` or `KEYACCOUNTS_SOURCES` set it works on that (and `KEYACCOUNTS_HOME`), by
the clock; without, on what `make demo` made, where nothing starts by itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from local_airflow import HOST, ROOT, USER, LocalAirflow, LocalAirflowError, free_port
from run_demo import demo_environment

DAGS = ("key_accounts_nightly", "key_accounts_alerts")


def main() -> int:
    """Start or stop the processes; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("up", "down"))
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    folder = options.folder.resolve()
    is_own = any(os.environ.get(name) for name in ("KEYACCOUNTS_SOURCE", "KEYACCOUNTS_SOURCES"))
    home = folder / ("airflow_own" if is_own else "airflow")
    links = {"KEYACCOUNTS_AIRFLOW_URL": f"http://{HOST}:{options.port}"}
    airflow = LocalAirflow(home, options.port, {} if is_own else demo_pages(folder) | links)
    try:
        return up(airflow) if options.action == "up" else down(folder)
    except LocalAirflowError as error:
        print(f"make {options.action}: {error}", file=sys.stderr)
        return 1


def demo_pages(folder: Path) -> dict[str, str]:
    """Return the demo's settings, with the usual log levels."""
    return {k: v for k, v in demo_environment(folder).items() if "LOGGING" not in k}


def up(airflow: LocalAirflow) -> int:
    """Start Airflow and say where it is."""
    if not airflow.is_running() and free_port(airflow.port) != airflow.port:
        raise LocalAirflowError(f"port {airflow.port} is taken: make up PORT=...")
    if not airflow.is_running():
        print("Starting Airflow: web server, scheduler, DAG processor", flush=True)
        airflow.init()
        airflow.start()
    try:
        airflow.wait_until_healthy()
        airflow.wait_for_dags(*DAGS)
    except BaseException:
        airflow.stop()
        raise
    print(f"http://{HOST}:{airflow.port}  user {USER}  password {airflow.password}")
    print("DAGs start paused: switch one on, or trigger it. Stop with: make down")
    return 0


def down(folder: Path) -> int:
    """Stop what `up` started."""
    for home in (folder / "airflow", folder / "airflow_own"):
        if LocalAirflow(home).is_running():
            LocalAirflow(home).stop()
            print(f"stopped Airflow of {home.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
