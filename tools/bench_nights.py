"""Nights of a big company in Postgres: after each, staging must hold what the database holds.

    .venv/bin/python tools/bench_nights.py 3000000 [--nights 10] [--keys-every 1]

Starts a Postgres of its own with DOCUMENTS invoices. Each day 0.1 % of them come, 0.1 % change, a
few lose positions or are deleted; one commits late; in the second night a column comes, in the
third the type of one changes. Prints for each night what moved, what the extraction took, what
staging took, and how many rows differ; exit code 1 when one does. With --keys-every 7 keys are
compared in each seventh night: until then rows that are gone, and what committed late, differ.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import adbc_driver_postgresql.dbapi as driver
import duckdb

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.postgres import started_server  # noqa: E402 needs the path above
from tests.sources.company import SCHEMA, SOURCES, Company  # noqa: E402
from tests.sources.nights import EXPECTED, STAGED, Nights  # noqa: E402

MOVED = 0.001
FILLED = """
insert into crm.customer
select n, 'Customer ' || n, case when n % 3 = 0 and n > 2 then n / 3 end, 'DE', n * 1000,
    ('00000000-0000-0000-0000-' || lpad((n % 5)::text, 12, '0'))::uuid, false,
    timestamptz '{day} 08:00'
from generate_series(1, {accounts}) as n;
insert into sales.item
select 'S' || n, 'Item ' || n, 'F' || n % 3, 'C' from generate_series(0, 499) as n;
insert into sales.activity
select n, 1 + n % {accounts}, timestamptz '{day} 09:00',
    case when n % 2 = 0 then 'call' else 'visit' end
from generate_series(1, {documents} / 5) as n;
insert into sales.activity_log (id, customer, at, kind, gone, changed)
select id, customer, at, kind, false, timestamptz '{day} 14:00' from sales.activity;
"""
ADDED = """
insert into sales.document
select n, 1 + (n * 7919) % {accounts}, 'R', date '{day}' - (n % 365)::int, null,
    (100 + (n * 31) % 100000)::numeric / 100 * 2.5, 'posted', timestamp '{day} 12:00'
from generate_series({first}::bigint, {last}) as n;
insert into sales.position
select n, no, 'S' || (n + no) % 500, (n % 400)::real / 4,
    (100 + (n * no * 31) % 100000)::numeric / 100,
    (100 + (n * no * 31) % 100000)::numeric / 200, timestamp '{day} 12:00'
from generate_series({first}::bigint, {last}) as n, generate_series(1, 2 + n % 2) as no;
"""
CHANGED = """
update sales.document set total = total + 1, modified = timestamp '{day} 15:00'
where id % {every} = {rest};
update sales.position set net = net + 1, modified = timestamp '{day} 15:00'
where document % {every} = {rest} and no = 1;
delete from sales.position where document % ({every} * 10) = {rest} + 1;
delete from sales.document where id % ({every} * 20) = {rest} + 1;
update sales.document set state = 'void', modified = timestamp '{day} 12:00' - interval '1 day'
where id = (select min(id) from sales.document where id % {every} = {rest} + 2);
update crm.customer set credit_limit = credit_limit + 1, modified = timestamptz '{day} 12:00'
where id % 1000 = {rest} % 1000;
"""


@dataclass
class BigCompany(Company):
    """A company that is filled and changed by the server itself."""

    accounts: int = 1000
    night_number: int = field(default=0)

    def __post_init__(self) -> None:
        """Create the database and fill it."""
        self.execute(f"create database {self.database}", database="postgres")
        self.execute(SCHEMA)
        self.insert("crm.person", [(self._uuid(n), f"P {n}", "sales", True) for n in range(5)])
        facts = {"day": self.day, "accounts": self.accounts, "documents": self.size}
        self.execute(FILLED.format(**facts))
        self._add(self.size)
        self.execute("analyze")

    def night(self) -> None:
        """Let a day pass."""
        self.day += timedelta(days=1)
        self.night_number += 1
        self._add(int(self.size * MOVED))
        every = int(1 / MOVED)
        self.execute(CHANGED.format(day=self.day, every=every, rest=self.night_number * 3))

    def _add(self, count: int) -> None:
        first, self.documents = self.documents + 1, self.documents + count
        facts = {"day": self.day, "accounts": self.accounts, "first": first, "last": self.documents}
        self.execute(ADDED.format(**facts))


def main() -> int:
    """Let the nights pass; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--nights", type=int, default=10)
    parser.add_argument("--keys-every", type=int, default=1)
    arguments = parser.parse_args()
    with started_server() as server, tempfile.TemporaryDirectory(prefix="ka_nights_") as scratch:
        company = BigCompany(
            server,
            "big",
            arguments.documents,
            accounts=min(arguments.accounts, arguments.documents),
        )
        os.environ["AIRFLOW_CONN_SHOP"] = server.url("big")
        incremental = f"load: incremental\n    reconcile_every_days: {arguments.keys_every}"
        sources = _wide(
            SOURCES.replace("timeout: 60", "timeout: 0").replace("load: incremental", incremental)
        )
        nights = Nights(company, Path(scratch) / "home", sources)
        print(f"{'night':>5}{'moved':>10}{'extract s':>11}{'CPU s':>7}{'stage s':>9}{'differ':>8}")
        return (
            sum(_night(nights, number, server.url("big")) for number in range(arguments.nights)) > 0
        )


def _night(nights: Nights, number: int, url: str) -> int:
    """Extract, stage, compare, and let a day pass; return the number of rows that differ."""
    with _measured() as extracted:
        said = nights.extract()
    with _measured() as staged:
        nights.stage()
    differ = sum(_differing(nights, url, entity) for entity in STAGED)
    faults = [fault for count in nights.counts() for fault in count.faults]
    moved = sum(load["rows"] for load in said.values())
    print(
        f"{number:>5}{moved:>10,}{extracted.wall:>11.1f}{extracted.cpu:>7.1f}{staged.wall:>9.1f}"
        f"{differ:>8}  {'; '.join(faults)}",
        flush=True,
    )
    if number == 1:
        nights.company.execute("alter table sales.document add column color text default 'x'")
    if number == 2:
        nights.company.execute("alter table sales.document alter due type text")
    nights.company.night()
    return differ + len(faults)


def _differing(nights: Nights, url: str, entity: str) -> int:
    """Return how many rows staging has and the database has not, or the other way round."""
    names = [name.strip() for name in STAGED[entity].split(",")]
    sql = _wide(EXPECTED[entity]).replace("%s", f"date '{nights.company.day}'")
    con = duckdb.connect(str(nights.settings.warehouse), read_only=True)
    with driver.connect(url) as source, source.cursor() as cursor:
        texts = ", ".join(f"{name}::text as {name}" for name in names)
        cursor.execute(f"select {texts} from ({sql}) as e({', '.join(names)})")
        con.register("there", cursor.fetch_record_batch())
        con.execute("create temp table expected as from there")
        con.unregister("there")
    texts = ", ".join(f"cast({name} as varchar) as {name}" for name in names)
    model = "staging.stg_" + entity.replace("_", "__", 1)
    con.execute(f"create temp table found as select {texts} from {model}")
    [(count,)] = con.execute(
        "select count(*) from ((from found except all from expected) "
        "union all (from expected except all from found))"
    ).fetchall()
    con.close()
    return int(count)


def _wide(sql: str) -> str:
    """Return SQL in which numbers of accounts have seven digits: the tests' company has few."""
    return sql.replace("::text, 5, '0')", "::text, 7, '0')")


@dataclass
class _Cost:
    wall: float = 0
    cpu: float = 0


@contextmanager
def _measured() -> Iterator[_Cost]:
    cost, wall, cpu = _Cost(), time.monotonic(), _cpu()
    yield cost
    cost.wall, cost.cpu = time.monotonic() - wall, _cpu() - cpu


def _cpu() -> float:
    found = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


if __name__ == "__main__":
    sys.exit(main())
