"""The cluster and its servers answer, on loopback only, and leave nothing behind."""

from __future__ import annotations

import json
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from . import cluster as spark
from .cluster import Cluster, ServerError

pytestmark = pytest.mark.spark

LANDED = """
select * from (values
    (1, 0.10::decimal(18, 2), date '2024-02-29', timestamp '2024-02-29 23:59:59.123456', 'it''s ä'),
    (2, -9999999999999999.99::decimal(18, 2), date '1582-10-04', null, null)
) as t (id, amount, paid_on, seen_at, name)
"""


def place_of(way: str, cluster: Cluster, folder: Path) -> AbstractContextManager[Any]:
    """Return what a client of this way needs to know, with its server running."""
    servers = {"thrift": spark.thrift, "connect": spark.connect}
    return servers[way](cluster, folder) if way in servers else nullcontext(cluster.master)


def ask(way: str, place: Any, cluster: Cluster, folder: Path, statements: list[str]) -> Any:
    """Run statements one after the other in one client and return the last one's rows."""
    client = Path(__file__).with_name("asking.py")
    settings = spark.SETTINGS | {"spark.sql.warehouse.dir": str(folder)}
    done = subprocess.run(
        [str(spark.PYTHON), str(client), way, str(place)],
        input=json.dumps({"settings": settings, "statements": statements}),
        env=spark.environment(),
        cwd=cluster.folder,
        capture_output=True,
        text=True,
        timeout=spark.START_SECONDS,
    )
    assert done.returncode == 0, f"{done.stderr[-4000:]}\n{cluster.logs()}"
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", ["session", "thrift", "connect"])
def test_every_way_reads_and_writes_exact_values(way: str, cluster: Cluster, tmp_path: Path):
    source, out, ran_before = tmp_path / "landed 1.parquet", tmp_path / "out", _runs(cluster)
    duckdb.sql(LANDED).write_parquet(str(source))

    with place_of(way, cluster, tmp_path / "warehouse") as place:
        answer = ask(way, place, cluster, tmp_path / "warehouse", [
            "create schema shop",
            f"create view shop.landed as select * from parquet.`{source}`",
            "create table shop.facts using parquet as select * from shop.landed",
            f"insert overwrite directory '{out}' using parquet select * from shop.facts",
            "select count(*), cast(sum(amount) as string) from shop.facts",
        ])  # fmt: skip

    assert answer == [[2, "-9999999999999999.89"]]
    assert list((tmp_path / "warehouse" / "shop.db" / "facts").glob("*.parquet"))
    landed, written = duckdb.sql(LANDED), duckdb.read_parquet(f"{out}/*.parquet")
    assert written.types == landed.types
    assert sorted(written.fetchall()) == sorted(landed.fetchall())
    # One executor on each worker: nothing was counted in the driver alone.
    assert [len(new) for new in _new(ran_before, _runs(cluster))] == [1, 1]


def test_a_server_that_does_not_start_shows_its_log(cluster: Cluster, tmp_path: Path):
    with (
        pytest.raises(ServerError, match=r"(?s)connect ended with .*Executor memory must"),
        spark.connect(cluster, tmp_path, {"spark.executor.memory": "lots"}),
    ):
        pass


def test_all_is_on_loopback_and_gone_after_a_failure(tmp_path: Path):
    if reason := spark.missing():
        pytest.skip(reason)
    seen: dict[psutil.Process, set[str]] = {}

    with pytest.raises(ZeroDivisionError):
        _fail_while_all_runs(tmp_path, seen)

    # Master, worker, Thrift server and its executor.
    assert len(seen) == 4
    assert set().union(*seen.values()) == {spark.LOOPBACK}
    _, alive = psutil.wait_procs(seen, timeout=spark.STOP_SECONDS)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def _fail_while_all_runs(folder: Path, seen: dict[psutil.Process, set[str]]) -> None:
    """Note every process with the addresses it listens on, then fail."""
    before = set(psutil.Process().children(recursive=True))
    with spark.start_cluster(folder, workers=1) as one, spark.thrift(one, folder / "wh") as port:
        ask("thrift", port, one, folder, ["select count(*) from range(10)"])
        for process in set(psutil.Process().children(recursive=True)) - before:
            if process.name() != "java":
                continue  # what is left of the shell that started it
            places = process.net_connections()
            ips = {c.laddr.ip for c in places if c.status == psutil.CONN_LISTEN}
            seen[process] = {ip.removeprefix("::ffff:") for ip in ips}
        raise ZeroDivisionError


def _runs(cluster: Cluster) -> list[set[str]]:
    """Return the applications that had an executor, per worker."""
    folders = [cluster.folder / "work1", cluster.folder / "work2"]
    return [{path.name for path in folder.glob("app-*")} for folder in folders]


def _new(before: list[set[str]], after: list[set[str]]) -> list[set[str]]:
    return [late - early for early, late in zip(before, after, strict=True)]
