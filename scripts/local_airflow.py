"""A local Airflow on SQLite: its settings in one place, its processes, its REST interface.

`make up`, `make demo` and the scheduler test use it. It needs nothing but the standard library and
the `airflow` beside the interpreter. It answers on 127.0.0.1 only, to one user with a password that
is made up at first use.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AIRFLOW = Path(sys.executable).with_name("airflow")
READ_TRIES = 5
HOST = "127.0.0.1"
USER = "admin"
PIDS = "pids.json"
PARTS = {
    "api-server": "metadatabase", "scheduler": "scheduler", "dag-processor": "dag_processor"
}  # fmt: skip
"""What the health page calls them."""
COMPONENTS = {
    "api-server": [],
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
}
STOP_SECONDS = 20
PASSED_ON = ("AIRFLOW__KEYACCOUNTS__", "AIRFLOW_CONN_")
"""What a caller may set; everything else of Airflow is said below."""


class LocalAirflowError(RuntimeError):
    """Airflow did not do what was asked; the message says where to look."""


@dataclass
class LocalAirflow:
    """One Airflow in a folder of its own. `environment` is added to its processes."""

    home: Path
    port: int = 8080
    environment: Mapping[str, str] = field(default_factory=dict)
    _token: str | None = None

    def settings(self) -> dict[str, str]:
        """Return all environment variables that make this Airflow what it is."""
        url = f"http://{HOST}:{self.port}"
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "3",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            # Seconds that a writer waits for another one: on a busy machine more than five.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db?timeout=60",
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt"),
            "AIRFLOW__API__SECRET_KEY": self._secret("api"),
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "AIRFLOW__SCHEDULER__ENABLE_TRACEMALLOC": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **self.environment,
        }

    def run(self, *command: str) -> str:
        """Run one `airflow` command to its end and return its output."""
        done = subprocess.run(
            [str(AIRFLOW), *command],
            env=self.process_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LocalAirflowError(f"airflow {' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def init(self) -> None:
        """Create or upgrade the metadata database and the password."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        self._secret("password")
        (self.home / "passwords.json").write_text(json.dumps({USER: self.password}), "utf-8")
        self.run("db", "migrate")

    @property
    def password(self) -> str:
        """The password of the user `admin`, made up at first use."""
        return self._secret("password")

    def start(self, *names: str) -> None:
        """Start all processes, or those named; their output goes to `<home>/logs`."""
        if self.is_running():
            raise LocalAirflowError(f"Airflow already runs in {self.home}: stop it with make down")
        (self.home / "logs").mkdir(exist_ok=True)
        pids = {}
        for name in names or COMPONENTS:
            options = COMPONENTS[name]
            with (self.home / "logs" / f"{name}.log").open("ab") as log:
                pids[name] = subprocess.Popen(
                    [str(AIRFLOW), name, *options], env=self.process_environment(), cwd=ROOT,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                ).pid  # fmt: skip
        (self.home / PIDS).write_text(json.dumps(pids), encoding="utf-8")

    def stop(self) -> None:
        """End the processes that `start` started."""
        alive = [pid for pid in self._pids().values() if is_alive(pid)]
        for how, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
            for pid in alive:
                _signal_group(pid, how)
            end = time.monotonic() + seconds
            while alive and time.monotonic() < end:
                alive = [pid for pid in alive if is_alive(pid)]
                time.sleep(0.1)
        (self.home / PIDS).unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Say whether a process of an earlier `start` is alive."""
        return any(is_alive(pid) for pid in self._pids().values())

    def wait_until_healthy(self, seconds: float = 120) -> None:
        """Wait until all that was started answers."""
        parts = [PARTS[name] for name in self._pids()]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            dead = [name for name, pid in self._pids().items() if not is_alive(pid)]
            if dead:
                raise LocalAirflowError(f"{dead[0]} ended; see {self.home}/logs/{dead[0]}.log")
            try:
                health = self.call("GET", "/api/v2/monitor/health", login=False)
            except OSError:
                health = {}
            if all((health.get(part) or {}).get("status") == "healthy" for part in parts):
                return
            time.sleep(0.3)
        raise LocalAirflowError(
            f"Airflow is not healthy after {seconds:.0f} s; see {self.home}/logs"
        )

    def wait_for_dags(self, *dag_ids: str, seconds: float = 60) -> None:
        """Wait until the DAG processor knows the DAGs; raises at an import error."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            errors = self.import_errors()
            if errors:
                raise LocalAirflowError(errors[0])
            known = {dag["dag_id"] for dag in self.call("GET", "/api/v2/dags?limit=100")["dags"]}
            if known >= set(dag_ids):
                return
            time.sleep(0.3)
        raise LocalAirflowError(f"no {', '.join(dag_ids)} after {seconds:.0f} s")

    def import_errors(self) -> list[str]:
        """Return the import errors of DAG files and plugins."""
        dags = self.call("GET", "/api/v2/importErrors")["import_errors"]
        plugins = self.call("GET", "/api/v2/plugins/importErrors")["import_errors"]
        return [
            *(f"{error['filename']}: {error['stack_trace']}" for error in dags),
            *(f"{error['source']}: {error['error']}" for error in plugins),
        ]

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Pause a DAG or let it run."""
        self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": paused})

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a manual run and return its id."""
        body = {"logical_date": None, "conf": dict(conf)}
        return str(self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the runs of a DAG, oldest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=id"
        return list(self.call("GET", path)["dag_runs"])

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances?limit=100"
        return list(self.call("GET", path)["task_instances"])

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a task returned."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{task_id}"
        return self.call("GET", f"{path}/xcomEntries/return_value?deserialize=true")["value"]

    def log(self, task: Mapping[str, Any]) -> str:
        """Return the log of the last try of a task instance."""
        path = (
            f"/api/v2/dags/{task['dag_id']}/dagRuns/{_quoted(task['dag_run_id'])}/taskInstances/"
            f"{task['task_id']}/logs/{max(task['try_number'], 1)}?map_index={task['map_index']}"
        )
        content = self.call("GET", path)["content"]
        return "\n".join(str(line.get("event", line)) for line in content)

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, login: bool = True
    ) -> Any:
        """Call the REST interface; raises OSError (urllib's errors are OSErrors)."""
        headers = {"Content-Type": "application/json"}
        if login:
            headers["Authorization"] = f"Bearer {self._login()}"
        request = urllib.request.Request(
            f"http://{HOST}:{self.port}{path}", method=method, headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )  # fmt: skip
        # On SQLite a reader may meet a writer; asking again is all it takes.
        for left in reversed(range(READ_TRIES if method == "GET" else 1)):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                if error.code < 500 or not left:
                    raise LocalAirflowError(
                        f"{method} {path}: {error.code} {error.read()[:500]!r}"
                    ) from error
                time.sleep(1)
        raise AssertionError("not reached")

    def _login(self) -> str:
        if self._token is None:
            who = {"username": USER, "password": self.password}
            self._token = self.call("POST", "/auth/token", who, login=False)["access_token"]
        return self._token

    def process_environment(self) -> dict[str, str]:
        """Return the caller's environment with the settings of this Airflow, and no others."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("AIRFLOW") or key.startswith(PASSED_ON)
        }
        path = f"{AIRFLOW.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**kept, "PATH": path, **self.settings()}

    def _secret(self, name: str) -> str:
        file = self.home / f".{name}-secret"
        if not file.is_file():
            self.home.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        return file.read_text(encoding="utf-8")

    def _pids(self) -> dict[str, int]:
        file = self.home / PIDS
        return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def free_port(wanted: int | None = None) -> int:
    """Return `wanted` if nobody listens there, else a free port."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LocalAirflowError("no free port")


def _quoted(text: str) -> str:
    return urllib.request.quote(text, safe="")


def is_alive(pid: int) -> bool:
    """Say whether a process is there, reaping it when it is a child that has ended."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text("utf-8").rpartition(")")[2].split()[0] == "Z")


def _signal_group(pid: int, how: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, how)
