"""`make demo`: the demo company through Airflow, two month-ends, and what came of it.

Everything lies in `.demo`. Running it again is safe: the same data land once, and what was told is
not told again.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import duckdb
from local_airflow import ROOT, LocalAirflow

RULES = ROOT / "include" / "keyaccounts" / "demo" / "rules"
"""The demo company's own rules: what a visit, a call, a case, an order, a return, a month cost."""
KEYACCOUNTS = Path(sys.executable).with_name("keyaccounts")
NIGHTS = (
    ("2026-09-30", "2026-10-01T09:00:00+08:00"),
    ("2026-10-31", "2026-11-02T09:00:00+08:00"),
)
CORRECTED = ("2026-08-01", "2026-08-31")
"""The largest line of these days gets its right cost after the first night."""
GO_LIVE = "2026-10-01"
DAGS = ("key_accounts_nightly", "key_accounts_alerts")
STEP_LOGGER = "airflow.task.operators.keyaccounts_operators"
OUR_LINE = re.compile(rf"^\S+ \[\w+ *\] (?P<text>.*?) *\[{re.escape(STEP_LOGGER)}\S*\]( loc=\S+)?$")


def main() -> int:
    """Generate, run both nights in Airflow, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--accounts", default="300")
    parser.add_argument("--months", default="48")
    options = parser.parse_args()
    folder = options.folder.resolve()
    airflow = LocalAirflow(folder / "airflow", environment=demo_environment(folder))
    if airflow.is_running():
        print("Airflow runs on the demo: stop it first with `make down`", file=sys.stderr)
        return 1
    say("Generating the demo company")
    generate = ["demo", "generate", "--out", folder / "source", "--end", NIGHTS[-1][0]]
    generate += ["--accounts", options.accounts, "--months", options.months]
    subprocess.run([KEYACCOUNTS, *generate], check=True, stdout=subprocess.DEVNULL)
    corrected = ""
    if not (folder / "home").exists():
        corrected = hold_back_a_correction(folder / "source", folder / "corrected")
    runs = [
        (dag_id, {"as_of_date": as_of_date, "wall_time": wall_time}, delivered)
        for (as_of_date, wall_time), delivered in zip(NIGHTS, ("", corrected), strict=True)
        for dag_id in DAGS
    ]
    say(f"Running {len(runs)} DAG runs in Airflow: {NIGHTS[0][0]}, then {NIGHTS[1][0]}")
    failed = run_dags(airflow, runs)
    if failed:
        return failed
    say("Done. What was built and found:\n")
    return subprocess.run(
        [KEYACCOUNTS, "demo", "summary", "--home", folder / "home"], check=False
    ).returncode


def hold_back_a_correction(source: Path, corrected: Path) -> str:
    """Let the first night see another cost of one sale; return what is delivered after it.

    The second night restates the months that the sale counts in.
    """
    file = source / "erp_invoice_lines.parquet"
    corrected.mkdir(parents=True, exist_ok=True)
    file.rename(corrected / file.name)
    con = duckdb.connect()
    con.execute(
        f"""
        copy (
            from '{corrected / file.name}' select * replace (
                if(invoice_line_id = (
                    select max_by(invoice_line_id, (net_amount, invoice_line_id))
                    from '{corrected / file.name}'
                    join '{source / "erp_invoices.parquet"}' using (invoice_id)
                    where invoice_date between '{CORRECTED[0]}' and '{CORRECTED[1]}'
                ), cogs_amount * 0.99, cogs_amount)::decimal(18,2) as cogs_amount
            )
        ) to '{file}' (format parquet)
        """
    )
    con.close()
    return str(corrected)


def demo_environment(folder: Path) -> dict[str, str]:
    """Return the settings of the demo company; nothing runs by the clock."""
    return {
        "KEYACCOUNTS_HOME": str(folder / "home"),
        "KEYACCOUNTS_SOURCE": str(folder / "source"),
        "KEYACCOUNTS_RULES_DIR": str(RULES),
        "KEYACCOUNTS_GO_LIVE_DATE": GO_LIVE,
        "AIRFLOW__KEYACCOUNTS__NIGHTLY_SCHEDULE": "none",
        "AIRFLOW__KEYACCOUNTS__DELIVERY_SCHEDULE": "none",
        "AIRFLOW__KEYACCOUNTS__UPKEEP_SCHEDULE": "none",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": f"{STEP_LOGGER}=INFO",
    }


def run_dags(airflow: LocalAirflow, runs: list[tuple[str, dict[str, str], str]]) -> int:
    """Run the DAGs, each after its delivery; show our lines as they come, keep all in a log."""
    airflow.home.mkdir(parents=True, exist_ok=True)
    log = airflow.home / "demo.log"
    child = subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "dags_test.py"], env=airflow.process_environment(),
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    child.stdin.write(json.dumps(runs))
    child.stdin.close()
    with log.open("w", encoding="utf-8") as kept:
        for line in child.stdout:
            kept.write(line)
            found = OUR_LINE.match(line.rstrip())
            if found or line.startswith("== "):
                say(f"  {found['text']}" if found else line[3:].rstrip())
    if child.wait():
        print(*log.read_text("utf-8").splitlines()[-40:], f"Whole log: {log}", sep="\n")
    return child.returncode


_start = time.monotonic()


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _start:5.1f} s] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
