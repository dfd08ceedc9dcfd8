"""Latency of every query that the dashboards ask, over the publication of a large company.

`make bench-dashboards` makes a company of 50,000 accounts and 36 month-ends (or takes --home),
lets a real Superset write the SQL of each chart, without a filter and with each filter that
reaches it, and runs it on the published file with Superset's own settings of DuckDB: a
connection for each query, to a file that an idle one keeps open. `cold` opens the file, with
nothing of it in memory. Answers of Superset's cache are not measured. Latencies are wall time;
`least` and `cpu`, of all threads, say what a query takes where others use the machine too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "include")]

from keyaccounts.bi.charts import asks_for_days  # noqa: E402
from keyaccounts.bi.dashboards import SELECTS  # noqa: E402
from keyaccounts.bi.datasets import group_of  # noqa: E402
from keyaccounts.bi.definition import Chart, Dashboard, Dataset, dashboards, datasets  # noqa: E402
from keyaccounts.bi.locked import LOCKED_DOWN  # noqa: E402
from tools.bench_engines import measured  # noqa: E402

DAY = "2026-10-31"
MONTHS = "2025-05-01 : 2026-05-01"
PASSWORD = "measured-by-itself"
TARGET = 0.3
LINES = 3_000_000


@dataclass(frozen=True)
class Asked:
    """One query: where it stands, what was filtered, and the SQL of Superset."""

    page: str
    chart: str
    filtered: str
    group: str
    sql: str


@dataclass(frozen=True)
class Taken:
    """What one query took: seconds, the first one with nothing in memory."""

    asked: Asked
    cold: float
    walls: list[float]
    cpu: float


def company(folder: Path, accounts: int, lines: int) -> Path:
    """Return the home of a published company with 36 month-ends of tiers."""
    home = folder / "home"
    if (home / "published" / "current").exists():
        return home
    measured(["demo", "generate", "--out", str(folder / "source"), "--end", DAY,
              "--accounts", str(accounts), "--lines", str(lines)])  # fmt: skip
    measured(["nightly", "--home", str(home), "--source", str(folder / "source"),
              "--as-of", DAY, "--no-notify", "--memory-limit", "6GB"])  # fmt: skip
    return home


def asked_by_superset(home: Path, folder: Path) -> list[Asked]:
    """Let Superset write the SQL of every chart, plain and with each filter that reaches it."""
    from local_airflow import free_port
    from local_superset import LocalSuperset
    from tests.bi.client import User

    superset = LocalSuperset(folder, home, free_port(), workers=1)
    superset.install()
    superset.add_users({"admin": "admin"}, PASSWORD)
    superset.start()
    try:
        user = User(superset.url, "admin", PASSWORD)
        return list(_written(user, _values(home)))
    finally:
        superset.stop()


def _values(home: Path) -> dict[str, str]:
    """Return what somebody chooses in each filter: what stands for most accounts."""
    columns = {"channel": "channel", "region": "coalesce(region, 'unknown')", "tier": "tier",
               "owner": "owner_name || ' (' || owner_user_id || ')'"}  # fmt: skip
    con = duckdb.connect(str(home / "published" / "current" / "keyaccounts.duckdb"), read_only=True)
    found = {
        name: con.execute(
            f"select {column} from marts.accounts where {column} is not null "
            "group by 1 order by count(*) desc, 1 limit 1"
        ).fetchall()[0][0]
        for name, column in columns.items()
    }
    largest = con.execute(
        "select account_name || ' (' || account_id || ')' from marts.accounts "
        "order by ttm_net_revenue_amount desc, 1 limit 1"
    ).fetchall()
    con.close()
    return {**found, "account": largest[0][0]}


def _written(user: Any, values: dict[str, str]) -> Iterator[Asked]:
    known = datasets()
    for page in dashboards():
        there = {each["slice_name"]: each["id"] for each in user.charts(page.slug)}
        for chart in page.charts:
            context = user.context_of(there[chart.title])
            for name in _filters(page, chart, known[chart.data]):
                answer = user.ask({**_filtered(context, name, values), "result_type": "query"})
                if answer.status != 200:
                    raise RuntimeError(f"{page.name}, {chart.name}: {answer.text[:300]}")
                for result in answer.json["result"]:
                    yield Asked(page.name, chart.name, name or "-",
                                group_of(known[chart.data]), result["query"])  # fmt: skip


def _filters(page: Dashboard, chart: Chart, dataset: Dataset) -> list[str]:
    """Return the filters of the page that reach the chart; "" is none."""
    selects = [name for name in page.filters if name in SELECTS and dataset.account_key]
    if "account" in selects:
        return selects
    return ["", *selects, *(["date"] if asks_for_days(chart, dataset) else [])]


def _filtered(context: dict[str, Any], name: str, values: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(context))
    for query in made["queries"]:
        if name == "date":
            query["time_range"] = MONTHS
        elif name:
            query["filters"] = [{"col": SELECTS[name][0], "op": "IN", "val": [values[name]]}]
    return made


def taken(asked: Asked, version: Path, rounds: int) -> Taken:
    """Run a query cold, then `rounds` times, each time on a connection of its own."""
    inside = "keyaccounts.duckdb" if asked.group == "bi" else f"restricted/{asked.group}.duckdb"
    file = version / inside
    _forget(file)
    cold, _ = _run(asked.sql, file)
    kept = _opened(file)
    _run(asked.sql, file)
    runs = [_run(asked.sql, file) for _ in range(rounds)]
    kept.close()
    return Taken(asked, cold, [wall for wall, _ in runs], min(cpu for _, cpu in runs))


def _forget(file: Path) -> None:
    """Let the system drop what it holds of the file in memory."""
    with file.open("rb") as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _run(sql: str, file: Path) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    con = _opened(file)
    con.execute(sql).fetchall()
    con.close()
    return time.perf_counter() - wall, time.process_time() - cpu


def _opened(file: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(file), read_only=True, config=dict(LOCKED_DOWN))


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def lines_of(found: list[Taken]) -> Iterator[str]:
    """Lay the figures out: one line per chart over all its filters, the whole last."""
    yield f"{'ms':<42}{'queries':>8}{'p50':>7}{'p95':>7}{'max':>7}{'least':>7}{'cpu':>7}{'cold':>7}"
    charts = sorted({(each.asked.page, each.asked.chart) for each in found})
    for page, chart in charts:
        its = [t for t in found if (t.asked.page, t.asked.chart) == (page, chart)]
        yield _line(f"{page} / {chart}", its)
    yield _line("all", found)


def _line(name: str, found: list[Taken]) -> str:
    walls = [wall for each in found for wall in each.walls]
    figures = [
        percentile(walls, 0.5), percentile(walls, 0.95), max(walls),
        max(min(each.walls) for each in found), max(each.cpu for each in found),
        max(each.cold for each in found),
    ]  # fmt: skip
    return f"{name:<42}{len(found):>8}" + "".join(f"{1000 * value:>7.0f}" for value in figures)


def main() -> int:
    """Measure and print; the exit code is 1 when p95 of all queries is 300 ms or more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home that has published; else one is made")
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench" / "dashboards")
    arguments = parser.parse_args()
    home = (
        arguments.home or company(arguments.folder, arguments.accounts, arguments.lines)
    ).resolve()
    asked = asked_by_superset(home, arguments.folder.resolve() / "superset")
    version = (home / "published" / "current").resolve()
    found = [taken(each, version, arguments.rounds) for each in asked]
    print("\n".join(lines_of(found)))
    return int(percentile([wall for each in found for wall in each.walls], 0.95) >= TARGET)


if __name__ == "__main__":
    sys.exit(main())
