"""One dbt command in this process, and what each of its nodes came to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyaccounts.errors import KeyaccountsError

SHOWN = 3
"""Examples of bad rows in a message."""


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

    @property
    def is_bad(self) -> bool:
        """It failed, or was not reached because something before it failed."""
        return self.status not in {"success", "pass", "skipped", "no-op"}


def invoke(
    command: list[str],
    *,
    project: Path,
    target: Path,
    environment: Mapping[str, str],
    log: Callable[[str], None],
) -> list[NodeResult]:
    """Run a dbt command (its name first) and return its nodes in the order in which they ended.

    Raises KeyaccountsError when dbt did not come as far as running a node.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    base = [
        "--project-dir", str(project), "--profiles-dir", str(project),
        "--target-path", str(target), "--log-path", str(target / "logs"),
    ]  # fmt: skip
    with environment_of({**environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}):
        result = dbtRunner(callbacks=[_progress(log)]).invoke(
            ["--quiet", "--log-level", "none", "--log-level-file", "info", *command, *base]
        )
    if not isinstance(result.result, RunExecutionResult):
        raise KeyaccountsError(f"dbt did not start: {result.exception}")
    return [_node(entry) for entry in result.result.results]


def example(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Return bad rows as one line of text."""
    return " / ".join(
        ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)) for row in rows
    )


@contextmanager
def environment_of(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for dbt, and put back what was there."""
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
