"""One dbt command in this process, and what each of its nodes came to."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyaccounts.errors import KeyaccountsError
from keyaccounts.settings import PROJECT_ROOT

SHOWN = 3
"""Examples of bad rows in a message."""
KEPT = PROJECT_ROOT / "dbt_project" / "target"
PARSED_FOLDERS = ("models", "macros", "seeds", "tests")

# What happens is told by the events, what came of it by the result: dbt's own files are a quarter
# of the time of a small build. Who wants them sets the variables.
FILES = {"DBT_WRITE_JSON": "false", "DBT_LOG_LEVEL_FILE": "none"}

# The project as parsed last, by what it was parsed from.
_parsed: dict[str, Any] = {}


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
        return not self.is_done and self.status != "skipped"

    @property
    def is_done(self) -> bool:
        """It needs no second time."""
        return self.status in {"success", "pass", "no-op"}


def invoke(
    command: list[str],
    *,
    project: Path,
    target: Path,
    environment: Mapping[str, str],
    log: Callable[[str], None],
    manifest: Any = None,
) -> list[NodeResult]:
    """Run a dbt command (its name first) and return its nodes in the order in which they ended.

    With the `parsed` project as its manifest dbt does not parse it again.
    Raises KeyaccountsError when dbt did not come as far as running a node.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult

    result = call(command, project, target, environment, log, manifest)
    if not isinstance(result.result, RunExecutionResult):
        raise KeyaccountsError(f"dbt did not start: {result.exception}")
    return [_node(entry) for entry in result.result.results]


def parsed(project: Path, target: Path) -> Any:
    """Return the manifest of the project for one command, parsed once per process.

    No variable is needed for that: no node's name, kind or parents depend on one; and nothing of
    the environment, which gives the places of files that do not stand in a manifest. So dbt reads
    again only the files that changed since any home was built last; it keeps what it read beside
    the project, or in `target` where it may not write there. A company's own rules are read when
    the seeds are loaded: only where they lie is said here.
    Raises KeyaccountsError when the project cannot be parsed.
    """
    from dbt.contracts.graph.manifest import Manifest

    files = [f for folder in PARSED_FOLDERS for f in (project / folder).rglob("*")]
    seeds = sorted(file.name for file in files if file.suffix == ".csv")
    said = [project / "dbt_project.yml", *(file for file in files if file.suffix != ".csv")]
    made_from = "|".join((project_digest(project, said), *seeds))
    if made_from not in _parsed:
        kept = KEPT if os.access(KEPT.parent, os.W_OK) else target
        result = call(["parse"], project, kept, {}, lambda _: None)
        if not isinstance(result.result, Manifest):
            raise KeyaccountsError(f"dbt cannot parse {project}: {result.exception}")
        _parsed.clear()
        _parsed[made_from] = result.result
    manifest = _parsed[made_from].deepcopy()
    for node in manifest.nodes.values():
        if str(node.resource_type) == "seed":
            node.root_path = str(project)
    return manifest


def project_digest(project: Path, files: Iterable[Path] | None = None) -> str:
    """Return 16 hexadecimal digits of what the project, or some of its files, consists of."""
    if files is None:
        files = [f for folder in PARSED_FOLDERS for f in (project / folder).rglob("*")]
        files.append(project / "dbt_project.yml")
    digest = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            digest.update(str(file.relative_to(project)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def call(
    command: list[str],
    project: Path,
    target: Path,
    environment: Mapping[str, str],
    log: Callable[[str], None],
    manifest: Any = None,
) -> Any:
    """Run a dbt command (its name first) and return what dbt says of it."""
    from dbt.cli.main import dbtRunner

    places = [
        "--project-dir", str(project), "--profiles-dir", str(project),
        "--target-path", str(target), "--log-path", str(target / "logs"),
    ]  # fmt: skip
    files = {name: os.environ.get(name, value) for name, value in FILES.items()}
    own = {**environment, **files, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    with environment_of(own), _collected_seldom():
        return dbtRunner(manifest, [_progress(log)]).invoke(
            ["--quiet", "--log-level", "none", *command, *places]
        )


def example(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Return bad rows as one line of text."""
    return " / ".join(
        ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)) for row in rows
    )


@contextmanager
def _collected_seldom() -> Iterator[None]:
    """Look for garbage every 200,000 objects: a tenth of dbt's time goes into that otherwise."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 10, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


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
