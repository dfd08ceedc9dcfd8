"""The servers that the tests start are on loopback, show their logs and leave nothing behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from tests.spark import cluster as spark
from tests.spark.cluster import Cluster, ServerError

pytestmark = pytest.mark.spark


def test_a_server_that_does_not_start_shows_its_log(cluster: Cluster, tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match=r"(?s)connect ended with .*Executor memory must"),
        spark.connect(cluster, tmp_path, {"spark.executor.memory": "lots"}),
    ):
        pass


def test_all_is_on_loopback_and_gone_after_a_failure(tmp_path: Path) -> None:
    if reason := spark.missing():
        pytest.fail(reason)
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
        _ask(port, "select count(*) from range(10)")
        for process in set(psutil.Process().children(recursive=True)) - before:
            if process.name() != "java":
                continue  # what is left of the shell that started it
            places = process.net_connections()
            ips = {c.laddr.ip for c in places if c.status == psutil.CONN_LISTEN}
            seen[process] = {ip.removeprefix("::ffff:") for ip in ips}
        raise ZeroDivisionError


def _ask(port: int, statement: str) -> None:
    client = Path(__file__).with_name("asking.py")
    done = subprocess.run(
        [str(spark.PYTHON), str(client), str(port), statement],
        env=spark.environment(),
        capture_output=True,
        text=True,
        timeout=spark.START_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.strip() == "[(10,)]"
