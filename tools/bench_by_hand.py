"""CPU seconds and peak memory of our models against hand-written SQL for the same four marts.

`tools/by_hand/*.sql` is what a good analyst would write for the four heaviest marts straight over
the landed files. Ours is the compiled SQL of the same marts and of every model that they rest on.
Either runs statement by statement in one DuckDB process of its own, without dbt: model SQL is
compared with model SQL. The line `of these` leaves out the models that serve no compared column
(candidates, imputed list prices). Then the marts are compared row by row, in all columns that
those by hand have; a difference ends the run with exit code 1. `make bench` runs it over LINES
invoice lines.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.landing.resolve import resolve
from keyaccounts.settings import Settings, load_settings
from keyaccounts.warehouse.build import run_dbt
from keyaccounts.warehouse.dbt_process import environment_of
from keyaccounts.warehouse.landing_schema import lay_out

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.bench_engines import DAY, company  # noqa: E402 - a tool runs from anywhere

BY_HAND = Path(__file__).parent / "by_hand"
KEYS = {
    "account_tiers": ("month_end", "tier_unit_id"),
    "receivables_aging": ("as_of_date", "account_id"),
    "revenue_movements": ("month_end", "comparison", "measure", "customer_key"),
    "cohort_retention": ("cohort_month", "is_legacy_cohort", "month_index"),
}
# Without these a mart would not be the mart.
COMPARED = {
    "account_tiers": {"ttm_net_revenue_amount", "ttm_profit_amount", "raw_tier", "tier"},
    "receivables_aging": {
        "current_amount", "overdue_1_30_amount", "overdue_31_60_amount", "overdue_61_90_amount",
        "overdue_90_plus_amount", "age_0_30_amount", "age_90_plus_amount", "gross_open_amount",
        "unapplied_cash_amount", "unapplied_credit_amount", "net_receivables_booked_amount",
    },
    "revenue_movements": {"opening_amount", "closing_amount", "movement", "is_true_new"},
    "cohort_retention": {"cohort_size_count", "active_customers_count", "revenue_amount"},
}  # fmt: skip
# Models that only columns rest on which the SQL by hand does not have: `triage`, list prices.
BESIDE = {"int_candidates__eligible", "int_revenue__imputed_lists"}
Statement = tuple[str, str]


def prepared(home: Path, memory_limit: str, work: Path) -> None:
    """Write what either side starts from: `base.duckdb` and its statements as `ours.json`."""
    settings = load_settings(environ={}, home=str(home), memory_limit=memory_limit)
    variables = {
        "as_of_date": DAY,
        "base_currency": settings.base_currency,
        "timezone": settings.timezone,
        "max_rate_age_days": settings.max_rate_age_days,
        **lay_out(settings, resolve(settings)),
    }
    with environment_of({"DBT_WRITE_JSON": "true"}):
        for command in ("seed", "compile"):
            run_dbt(settings, [command, "--vars", json.dumps(variables)], lambda _: None)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _copy_schemas(settings.warehouse, work / "base.duckdb")
    (work / "ours.json").write_text(json.dumps(_statements(settings)), encoding="utf-8")
    compared = [name for name, _ in _statements(settings, BESIDE)]
    (work / "compared.json").write_text(json.dumps(compared), encoding="utf-8")
    (work / "by_hand.json").write_text(
        json.dumps([(f.stem, f.read_text("utf-8").replace("{{ as_of_date }}", DAY))
                    for f in sorted(BY_HAND.glob("*.sql"))]), encoding="utf-8"
    )  # fmt: skip


def _copy_schemas(warehouse: Path, base: Path) -> None:
    con = duckdb.connect(str(base))
    try:
        con.execute(f"attach '{warehouse}' as built (read_only)")
        con.execute("create schema landing; create schema rules")
        for name, sql in con.execute(
            "select view_name, sql from duckdb_views() where database_name = 'built' "
            "and schema_name = 'landing' order by length(sql) - length(replace(sql, ' FROM ', ''))"
        ).fetchall():
            con.execute(sql.replace(f"built.landing.{name}", f"landing.{name}", 1))
        for schema, name in con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'built' "
            "and schema_name in ('landing', 'rules')"
        ).fetchall():
            con.execute(f"create table {schema}.{name} as select * from built.{schema}.{name}")
    finally:
        con.close()


def _statements(settings: Settings, beside: Collection[str] = ()) -> list[Statement]:
    """Return our models up to the four marts as statements, in an order in which they can run.

    Models `beside`, and what only they rest on, are left out.
    """
    file = settings.home / "warehouse" / "target" / "manifest.json"
    nodes = json.loads(file.read_text("utf-8"))["nodes"]
    done: dict[str, Statement] = {}

    def add(key: str) -> None:
        node = nodes[key]
        for parent in sorted(node["depends_on"]["nodes"]):
            is_wanted = parent.startswith("model.") and parent.split(".")[-1] not in beside
            if is_wanted and parent not in done:
                add(parent)
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        sql = node["compiled_code"].replace(f'"{settings.warehouse.stem}".', "")
        done[key] = (node["name"], f"create {kind} {node['schema']}.{node['name']} as {sql}")

    for mart in KEYS:
        add(f"model.keyaccounts.{mart}")
    return list(done.values())


def worker(work: Path, side: str, memory_limit: str) -> None:
    """Run the statements of one side and print what each took, in CPU seconds."""
    con = duckdb.connect(
        str(work / f"{side}.duckdb"),
        config={"memory_limit": memory_limit, "threads": 2, "preserve_insertion_order": False,
                "temp_directory": str(work / "scratch")},
    )  # fmt: skip
    con.execute("set enable_progress_bar = false")
    for schema in ("staging", "intermediate", "marts"):
        con.execute(f"create schema {schema}")
    seconds = {}
    for name, sql in json.loads((work / f"{side}.json").read_text("utf-8")):
        started = time.process_time()
        con.execute(sql)
        seconds[name] = time.process_time() - started
    con.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": seconds, "peak": peak}))


def measured(work: Path, side: str, memory_limit: str) -> dict[str, Any]:
    """Run one side in a process of its own; raises CalledProcessError."""
    (work / f"{side}.duckdb.wal").unlink(missing_ok=True)
    shutil.copy(work / "base.duckdb", work / f"{side}.duckdb")
    said = subprocess.run(
        [sys.executable, __file__, "--worker", side, "--work", str(work),
         "--memory-limit", memory_limit],
        env={**os.environ, "PYTHONPATH": str(ROOT / "include")},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def differences(work: Path) -> list[str]:
    """Return where the two sides differ, a sentence each."""
    con = duckdb.connect()
    con.execute(f"attach '{work / 'ours.duckdb'}' as ours (read_only)")
    con.execute(f"attach '{work / 'by_hand.duckdb'}' as by_hand (read_only)")
    found = []
    for mart, keys in KEYS.items():
        ours, hand = (
            [c for (c,) in con.execute(
                "select column_name from duckdb_columns() where database_name = ? "
                "and schema_name = 'marts' and table_name = ? order by column_index",
                [side, mart]).fetchall()]
            for side in ("ours", "by_hand")
        )  # fmt: skip
        missing = COMPARED[mart] - set(hand)
        if missing or not set(hand) <= set(ours):
            found.append(f"{mart}: columns {sorted(missing)} are missing by hand")
            continue
        join = " and ".join(f"a.{k} is not distinct from b.{k}" for k in keys)
        counts = ", ".join(
            f"count(*) filter (where a.{c} is distinct from b.{c}) as {c}" for c in hand
        )
        result = con.execute(
            f"select {counts} from ours.marts.{mart} as a full join by_hand.marts.{mart} as b "
            f"on {join}"
        )
        names = [column[0] for column in result.description]
        [row] = result.fetchall()
        found += [f"{mart}.{n}: {count} rows differ" for n, count in zip(names, row, strict=True)
                  if count]  # fmt: skip
        [(rows,)] = con.execute(f"select count(*) from ours.marts.{mart}").fetchall()
        print(f"    {mart}: {rows:,} rows, {len(hand)} of {len(ours)} columns compared")
    con.close()
    return found


def bench(lines: int, folder: Path, memory_limit: str, shown: int) -> list[str]:
    """Measure a company of so many lines, print, and return what differs."""
    home = company(folder / str(lines), lines)
    work = folder / str(lines) / "by_hand"
    prepared(home, memory_limit, work)
    cost = {side: measured(work, side, memory_limit) for side in ("by_hand", "ours")}
    found = differences(work)
    cpu = {side: sum(c["seconds"].values()) for side, c in cost.items()}
    for side, c in cost.items():
        print(f"{lines:>11,}  {side.replace('_', ' '):<8}{cpu[side]:>9.1f}{c['peak']:>10.2f}"
              f"{cpu[side] / cpu['by_hand']:>11.2f}{c['peak'] / cost['by_hand']['peak']:>14.2f}",
              flush=True)  # fmt: skip
    compared = json.loads((work / "compared.json").read_text("utf-8"))
    part = sum(cost["ours"]["seconds"][name] for name in compared)
    print(f"{lines:>11,}  of these{part:>9.1f}{'':>10}{part / cpu['by_hand']:>11.2f}")
    for side, c in cost.items():
        slowest = sorted(c["seconds"].items(), key=lambda item: -item[1])[:shown]
        for name, seconds in slowest:
            print(f"    {side.replace('_', ' '):<8} {name:<40}{seconds:>8.2f}")
    return found


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int, nargs="*")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench")
    parser.add_argument("--memory-limit", default="4GB")
    parser.add_argument("--models", type=int, default=0, help="name so many of the slowest models")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        worker(arguments.work, arguments.worker, arguments.memory_limit)
        return 0
    print(f"{'lines':>11}  {'SQL':<8}{'CPU s':>9}{'peak GiB':>10}{'CPU ratio':>11}"
          f"{'memory ratio':>14}")  # fmt: skip
    found = [
        problem
        for lines in arguments.lines
        for problem in bench(lines, arguments.folder, arguments.memory_limit, arguments.models)
    ]
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
