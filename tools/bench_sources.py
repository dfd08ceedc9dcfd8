"""First load of an entity from Postgres against a bare ADBC read of the same rows into Parquet.

    .venv/bin/python tools/bench_sources.py 3000000 [--rounds 3] [--memory-limit 256MB]

Starts a Postgres of its own, fills one table, and runs both in processes of their own, in turn.
Prints wall seconds, rows a second, CPU seconds and peak memory of each, and their ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.postgres import started_server  # noqa: E402 needs the path above

TABLE = """
create table lines as
select
    'INV' || (g / 4) || '-' || g % 4 as invoice_line_id,
    'INV' || (g / 4) as invoice_id,
    'P' || g % 500 as product_id,
    (g % 100)::numeric(18, 4) as quantity,
    (g % 100000)::numeric(18, 2) / 100 as list_amount,
    (g % 90000)::numeric(18, 2) / 100 as net_amount,
    (g % 70000)::numeric(18, 2) / 100 as cogs_amount,
    timestamptz '2026-01-01' + g * interval '1 second' as updated_at
from generate_series(1, {rows}) as g
"""
COLUMNS = (
    "invoice_line_id, invoice_id, product_id, quantity, list_amount, net_amount, cogs_amount, "
    "updated_at"
)
SOURCES = """
systems:
  erp: {kind: postgres, url_env: BENCH_URL}
entities:
  crm_accounts: {from: erp, table: accounts}
  erp_invoices: {from: erp, table: invoices}
  erp_invoice_lines: {from: erp, table: lines}
"""
BARE = f"""
import os, sys
import adbc_driver_postgresql.dbapi as driver
import pyarrow.parquet as pq
with driver.connect(os.environ["BENCH_URL"]) as con, con.cursor() as cursor:
    cursor.execute("select {COLUMNS} from lines")
    reader = cursor.fetch_record_batch()
    with pq.ParquetWriter(sys.argv[1], reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
"""


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall: float
    cpu: float
    peak: float

    def line(self, name: str, rows: int) -> str:
        """Return a row of the table."""
        return (
            f"{name:<12} {self.wall:8.1f} s {rows / self.wall:12,.0f} rows/s {self.cpu:8.1f} s CPU "
            f"{self.peak:8.0f} MB"
        )


def main() -> None:
    """Measure both, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-limit", default="256MB")
    arguments = parser.parse_args()
    with started_server() as server, tempfile.TemporaryDirectory(prefix="ka_bench_") as scratch:
        folder = Path(scratch)
        environment = {**os.environ, "BENCH_URL": server.url()}
        _sql(server.url(), TABLE.format(rows=arguments.rows))
        (folder / "sources.yml").write_text(SOURCES, "utf-8")
        ratios = []
        for number in range(arguments.rounds):
            bare = _run([sys.executable, "-c", BARE, str(folder / "bare.parquet")], environment)
            ours = _run(
                [
                    str(Path(sys.executable).with_name("keyaccounts")), "extract",
                    "--home", str(folder / f"home{number}"), "--as-of", "2026-06-30",
                    "--sources", str(folder / "sources.yml"), "--entity", "erp_invoice_lines",
                    "--memory-limit", arguments.memory_limit,
                ],
                environment,
            )  # fmt: skip
            print(bare.line("bare ADBC", arguments.rows))
            print(ours.line("keyaccounts", arguments.rows), flush=True)
            ratios.append(bare.wall / ours.wall)
        print(f"rate against bare ADBC: {statistics.median(ratios):.2f} (median of {len(ratios)})")


def _sql(url: str, sql: str) -> None:
    import psycopg2

    con = psycopg2.connect(url)
    con.autocommit = True
    with con.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute("analyze lines")
    con.close()


def _run(command: list[str], environment: dict[str, str]) -> Cost:
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    wall = time.monotonic() - started
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
