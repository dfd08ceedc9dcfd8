"""A real Spark cluster on loopback: a standalone master, its workers, and the servers on it.

Everything comes out of pyspark's own package in `.venv-spark`. This module needs no pyspark, so
that the tests run in `.venv`. Each process leads a process group of its own, which takes its
executors with it when it is killed.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from keyaccounts.warehouse import spark_engine

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-spark" / "bin" / "python"
LOOPBACK = "127.0.0.1"
START_SECONDS = 180.0
STOP_SECONDS = 10.0
TAIL = 4000

# Small data on a small machine: the second compiler of the JVM would cost more than it gains.
# Without it the JVM keeps only 48 MB for compiled code; when they are full, method handles fail.
JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
# And the same answers whatever the machine's zone is.
SETTINGS = {
    "spark.driver.bindAddress": LOOPBACK,
    "spark.driver.host": LOOPBACK,
    "spark.driver.extraJavaOptions": JAVA,
    "spark.driver.memory": "1g",
    "spark.executor.extraJavaOptions": JAVA,
    "spark.executor.memory": "512m",
    "spark.default.parallelism": "2",
    # A port that somebody took meanwhile is an error with a log, not another port.
    "spark.port.maxRetries": "0",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}
# Of a session: on some thousand rows compiling a query takes longer than running it.
SMALL = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
}
BROUGHT_HOME = (
    *spark_engine.AUDITED,
    *(f"+{name}" for name in spark_engine.EXPORTED["intermediate"] or ()),
)
"""What Spark's build leaves in the warehouse file beside the marts."""


class ServerError(Exception):
    """A server did not start, or ended by itself; the message ends with its log."""


@dataclass(frozen=True)
class Server:
    """One running process with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until(self, is_ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Ask until it is ready. Raises ServerError when it has ended or the time is over."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None:
                raise ServerError(
                    f"{self.name} ended with {self.process.returncode}\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} was not ready in {seconds:.0f} s\n{self.tail()}")
            time.sleep(0.2)

    def tail(self) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-TAIL:]

    def stop(self) -> None:
        """End the process and all that it started; kill what does not go."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        # Also after a good end: an executor may outlive its worker.
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@dataclass(frozen=True)
class Cluster:
    """A master with its workers; `folder` holds the logs and the work of the executors."""

    master: str
    folder: Path
    servers: tuple[Server, ...]

    def applications(self) -> list[set[str]]:
        """Return the applications that had an executor, per worker."""
        places = sorted(self.folder.glob("work*/"))
        return [{path.name for path in place.glob("app-*")} for place in places]

    def logs(self) -> str:
        """Return the ends of all logs, to be shown when a test fails."""
        return "\n".join(f"--- {server.name}\n{server.tail()}" for server in self.servers)


def missing() -> str | None:
    """Return why there can be no cluster here, None if there can."""
    return None if PYTHON.exists() else "there is no .venv-spark: make setup-spark"


@contextmanager
def start_cluster(folder: Path, workers: int = 2, memory: str = "1g") -> Iterator[Cluster]:
    """Start a standalone master and workers of one core each, all on loopback."""
    port, pages = _free_port(), _free_port()
    with ExitStack() as stack:
        place = ["--host", LOOPBACK, "--port"]
        pages_of_master = [str(port), "--webui-port", str(pages)]
        master = stack.enter_context(
            _running("master", _deploy("master.Master", *place, *pages_of_master), folder)
        )
        master.wait_until(lambda: _state(pages) is not None)
        address = f"spark://{LOOPBACK}:{port}"
        servers = [master]
        for number in range(1, workers + 1):
            options = ["0", "--webui-port", "0", "--cores", "1", "--memory", memory]
            work = ["--work-dir", str(folder / f"work{number}"), address]
            command = _deploy("worker.Worker", *place, *options, *work)
            servers.append(stack.enter_context(_running(f"worker{number}", command, folder)))
        for worker in servers[1:]:
            worker.wait_until(lambda: _alive_workers(pages) == workers)
        yield Cluster(address, folder, tuple(servers))


@contextmanager
def thrift(
    cluster: Cluster, warehouse: Path, settings: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Start the Thrift server on the cluster and yield its port; tables lie in `warehouse`."""
    port = _free_port()
    command = _submit(
        "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", cluster, warehouse, settings
    )
    place = [f"hive.server2.thrift.port={port}", f"hive.server2.thrift.bind.host={LOOPBACK}"]
    options = [word for setting in place for word in ("--hiveconf", setting)]
    with _running("thrift", [*command, *options], cluster.folder) as server:
        server.wait_until(lambda: _listens(port))
        yield port


@contextmanager
def connect(
    cluster: Cluster, warehouse: Path, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Start a Spark Connect server on the cluster and yield its address (`sc://...`)."""
    port = _free_port()
    place = {
        "spark.connect.grpc.binding.address": LOOPBACK,
        "spark.connect.grpc.binding.port": str(port),
    }
    command = _submit(
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        cluster,
        warehouse,
        place | dict(settings or {}),
    )
    with _running("connect", command, cluster.folder) as server:
        server.wait_until(lambda: _listens(port))
        yield f"sc://{LOOPBACK}:{port}"


def environment() -> dict[str, str]:
    """Return an environment in which Spark binds to loopback alone and finds its own package."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return own | {
        "PYSPARK_PYTHON": str(PYTHON),
        "SPARK_DAEMON_JAVA_OPTS": JAVA,
        "SPARK_HOME": str(_spark_home()),
        "SPARK_LOCAL_IP": LOOPBACK,
        # Runs what anybody sends to a fixed port.
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "SPARK_NO_DAEMONIZE": "1",
    }


@contextmanager
def _running(name: str, command: list[str], folder: Path) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(name, process, log)
    try:
        yield server
    finally:
        server.stop()


def _deploy(name: str, *options: str) -> list[str]:
    return [str(_spark_home() / "bin/spark-class"), f"org.apache.spark.deploy.{name}", *options]


def _submit(
    name: str, cluster: Cluster, warehouse: Path, settings: Mapping[str, str] | None
) -> list[str]:
    values = SETTINGS | {"spark.sql.warehouse.dir": str(warehouse)} | dict(settings or {})
    options = [w for key, value in values.items() for w in ("--conf", f"{key}={value}")]
    submit = [str(_spark_home() / "bin/spark-submit"), "--class", name, "--master", cluster.master]
    return [*submit, *options, "spark-internal"]


def _spark_home() -> Path:
    return next((ROOT / ".venv-spark" / "lib").glob("python3*/site-packages/pyspark"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _state(pages: int) -> dict[str, object] | None:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{pages}/json/", timeout=5) as answer:
            return dict(json.load(answer))
    # A master that is still starting answers with its front page, whatever it is asked for.
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return None


def _alive_workers(pages: int) -> int:
    state = _state(pages)
    return int(str(state["aliveworkers"])) if state else 0
