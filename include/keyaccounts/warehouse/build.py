"""One dbt process builds the warehouse; each model's status, time and rows are logged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.errors import CheckFailedError, ConfigurationError, KeyaccountsError
from keyaccounts.landing.resolve import Resolution
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from keyaccounts.warehouse.landing_schema import lay_out

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
STATE = "build_state.json"


@dataclass(frozen=True)
class NodeResult:
    """One model, seed or test: status, seconds, and rows where it is a table."""

    name: str
    kind: str
    status: str
    seconds: float
    rows: int | None
    message: str


@dataclass(frozen=True)
class BuildResult:
    """What dbt did."""

    is_retry: bool
    nodes: list[NodeResult] = field(default_factory=list)

    @property
    def models(self) -> list[NodeResult]:
        """The models, in the order in which they ended."""
        return [node for node in self.nodes if node.kind == "model"]

    @property
    def tests(self) -> list[NodeResult]:
        """The data tests."""
        return [node for node in self.nodes if node.kind == "test"]


def build(
    settings: Settings, run: Run, resolution: Resolution, log: Callable[[str], None] = print
) -> BuildResult:
    """Build all models and run the data tests over them.

    A build that failed for the same landing, rules and day goes on where it stopped (`dbt retry`).
    Raises CheckFailedError when a data test failed, KeyaccountsError when a model did.
    """
    variables = {
        "as_of_date": run.as_of_date.isoformat(),
        "base_currency": settings.base_currency,
        "timezone": settings.timezone,
        "max_rate_age_days": settings.max_rate_age_days,
        **lay_out(settings, resolution),
    }
    target = settings.home / "warehouse" / "target"
    wanted = {"variables": variables, "landing": resolution.fingerprint}
    is_retry = _can_retry(target, wanted)
    log(f"build as of {run.as_of_date}" + (" (goes on where it stopped)" if is_retry else ""))
    target.mkdir(parents=True, exist_ok=True)
    (target / STATE).write_text(json.dumps({**wanted, "status": "running"}), encoding="utf-8")
    command = ["retry"] if is_retry else [
        "build", "--vars", json.dumps(variables), "--exclude-resource-type", "unit_test",
    ]  # fmt: skip
    nodes = run_dbt(settings, command, log)
    failed = [n for n in nodes if n.status not in {"success", "pass", "skipped", "no-op"}]
    status = "failed" if failed else "done"
    (target / STATE).write_text(json.dumps({**wanted, "status": status}), encoding="utf-8")
    _raise_for(failed)
    return BuildResult(is_retry, _with_rows(settings, nodes))


def built_state(settings: Settings) -> dict[str, Any]:
    """Return what the warehouse holds: variables, landing, status; {} before the first build."""
    file = settings.home / "warehouse" / "target" / STATE
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def _can_retry(target: Path, wanted: dict[str, Any]) -> bool:
    state, results = target / STATE, target / "run_results.json"
    if not (state.is_file() and results.is_file()):
        return False
    try:
        found = json.loads(state.read_text("utf-8"))
    except json.JSONDecodeError:
        return False
    return bool(found == {**json.loads(json.dumps(wanted)), "status": "failed"})


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def run_dbt(
    settings: Settings, command: list[str], log: Callable[[str], None] = print
) -> list[NodeResult]:
    """Run one dbt command (its name first) against the warehouse of the home."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    environment = {
        "KEYACCOUNTS_DBT_WAREHOUSE": str(settings.warehouse),
        "KEYACCOUNTS_DBT_SCRATCH": str(settings.scratch),
        "KEYACCOUNTS_DBT_MEMORY": settings.memory_limit,
        "KEYACCOUNTS_DBT_THREADS": str(settings.threads),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    project = str(_project(settings))
    target = settings.home / "warehouse" / "target"
    base = [
        "--project-dir", project, "--profiles-dir", project,
        "--target-path", str(target), "--log-path", str(target / "logs"),
    ]  # fmt: skip
    with _environment(environment):
        try:
            result = dbtRunner(callbacks=[_progress(log)]).invoke(
                ["--quiet", "--no-use-colors", "--log-level-file", "info", *command, *base]
            )
        finally:
            # dbt leaves its connection open, and an open writer excludes everybody else.
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if not isinstance(result.result, RunExecutionResult):
        raise KeyaccountsError(f"dbt did not start: {result.exception}")
    return [_node(entry) for entry in result.result.results]


def _project(settings: Settings) -> Path:
    """Return the dbt project: our own, or a copy with the company's rules laid over the seeds."""
    if settings.rules_dir is None:
        return DBT_PROJECT
    overlay = settings.home / "warehouse" / "dbt_project"
    shutil.rmtree(overlay, ignore_errors=True)
    shutil.copytree(DBT_PROJECT, overlay, ignore=shutil.ignore_patterns("target", "logs"))
    for file in sorted(settings.rules_dir.glob("*.csv")):
        if not (DBT_PROJECT / "seeds" / file.name).is_file():
            known = ", ".join(sorted(p.name for p in (DBT_PROJECT / "seeds").glob("*.csv")))
            raise ConfigurationError(f"rules_dir: {file.name} is no rule file; known: {known}")
        shutil.copy(file, overlay / "seeds" / file.name)
    return overlay


def _progress(log: Callable[[str], None]) -> Callable[[Any], None]:
    def on_event(event: Any) -> None:
        if event.info.name in {"LogModelResult", "LogSeedResult"}:
            data = event.data
            place, seconds = f"{data.index:>3}/{data.total}", f"{data.execution_time:.2f} s"
            log(f"  {place} {data.node_info.node_name}: {data.status} in {seconds}")
        elif event.info.name == "LogTestResult" and event.data.status != "pass":
            log(f"  {event.data.name}: {event.data.status}")

    return on_event


def _node(entry: Any) -> NodeResult:
    return NodeResult(
        name=entry.node.name,
        kind=str(entry.node.resource_type),
        status=str(entry.status),
        seconds=round(entry.execution_time, 3),
        rows=None,
        message=entry.message or "",
    )


def _raise_for(failed: list[NodeResult]) -> None:
    if not failed:
        return
    first = "; ".join(f"{node.name}: {node.message.strip()[:600]}" for node in failed[:3])
    if all(node.kind == "test" for node in failed):
        raise CheckFailedError(f"{len(failed)} data test(s) failed, nothing is published. {first}")
    raise KeyaccountsError(f"{len(failed)} node(s) failed in dbt. {first}")


def _with_rows(settings: Settings, nodes: list[NodeResult]) -> list[NodeResult]:
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    try:
        counts = dict(
            con.execute(
                "select table_name, estimated_size from duckdb_tables() "
                "where schema_name in ('intermediate', 'marts', 'rules')"
            ).fetchall()
        )
    finally:
        con.close()
    return [
        NodeResult(n.name, n.kind, n.status, n.seconds, counts.get(n.name), n.message)
        for n in nodes
    ]
