"""One dbt process builds the warehouse; each model's status, time and rows are logged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.errors import CheckFailedError, KeyaccountsError
from keyaccounts.landing.resolve import Resolution
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from keyaccounts.warehouse.landing_schema import lay_out
from keyaccounts.warehouse.rules import check_rules

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
STATE = "build_state.json"
SHOWN = 3


@dataclass(frozen=True)
class NodeResult:
    """One model, seed or test: status, seconds, and rows where it is a table."""

    name: str
    kind: str
    status: str
    seconds: float
    rows: int | None
    message: str
    sql: str = field(default="", repr=False)


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
    wanted = {
        "variables": variables,
        "landing": resolution.fingerprint,
        "project": _project_hash(_project(settings)),
    }
    is_retry = _can_retry(target, wanted)
    log(f"build as of {run.as_of_date}" + (" (goes on where it stopped)" if is_retry else ""))
    target.mkdir(parents=True, exist_ok=True)
    (target / STATE).write_text(json.dumps({**wanted, "status": "running"}), encoding="utf-8")
    command = ["retry"] if is_retry else [
        "build", "--vars", json.dumps(variables), "--exclude-resource-type", "unit_test",
    ]  # fmt: skip
    nodes = run_dbt(settings, command, log)
    failed = [n for n in nodes if n.status not in {"success", "pass", "skipped", "no-op"}]
    status = "done" if not failed else "failed" if _is_model_error(failed) else "refused"
    (target / STATE).write_text(json.dumps({**wanted, "status": status}), encoding="utf-8")
    _raise_for(settings, failed)
    return BuildResult(is_retry, _with_rows(settings, nodes))


def mark_audited(settings: Settings) -> None:
    """Note that the build passed the checks at the exit; publishing asks for it."""
    state = settings.home / "warehouse" / "target" / STATE
    state.write_text(json.dumps({**built_state(settings), "is_audited": True}), encoding="utf-8")


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
                ["--quiet", "--log-level", "none", "--log-level-file", "info", *command, *base]
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
        check_rules(file, DBT_PROJECT / "seeds")
        shutil.copy(file, overlay / "seeds" / file.name)
    return overlay


def _project_hash(project: Path) -> str:
    """Return a hash of what the build is made from: a repaired rule or model starts it anew."""
    digest = hashlib.sha256()
    for folder in ("models", "macros", "seeds", "tests"):
        for file in sorted((project / folder).rglob("*")):
            if file.is_file():
                digest.update(str(file.relative_to(project)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


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
    is_test = str(entry.node.resource_type) == "test"
    return NodeResult(
        name=entry.node.name,
        kind=str(entry.node.resource_type),
        status=str(entry.status),
        seconds=round(entry.execution_time, 3),
        rows=None,
        message=entry.message or "",
        sql=(getattr(entry.node, "compiled_code", None) or "") if is_test else "",
    )


def _is_model_error(failed: list[NodeResult]) -> bool:
    return any(node.kind != "test" for node in failed)


def _raise_for(settings: Settings, failed: list[NodeResult]) -> None:
    if not failed:
        return
    if _is_model_error(failed):
        models = [node for node in failed if node.kind != "test"]
        first = "; ".join(f"{n.name}: {n.message.strip()[:600]}" for n in models[:SHOWN])
        raise KeyaccountsError(f"{len(models)} node(s) failed in dbt. {first}")
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    try:
        first = "; ".join(f"{n.name}: {_bad_rows(con, n)}" for n in failed[:SHOWN])
    finally:
        con.close()
    raise CheckFailedError(f"{len(failed)} data test(s) failed, nothing is published. {first}")


def _bad_rows(con: duckdb.DuckDBPyConnection, node: NodeResult) -> str:
    """Return the first rows that a data test found, as text."""
    try:
        result = con.execute(f"select * from ({node.sql}) as bad limit {SHOWN}")
    except duckdb.Error:
        return node.message.strip()
    names = [column[0] for column in result.description]
    rows = [
        ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))
        for row in result.fetchall()
    ]
    return f"{node.message.strip()}: " + " / ".join(rows)


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
    return [replace(node, rows=counts.get(node.name)) for node in nodes]
