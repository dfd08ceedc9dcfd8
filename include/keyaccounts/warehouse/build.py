"""One dbt process builds the warehouse; each model's status, time and rows are logged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from keyaccounts.errors import CheckFailedError, KeyaccountsError
from keyaccounts.landing.closings import newest_loads
from keyaccounts.landing.resolve import Resolution, resolve
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from keyaccounts.warehouse import duckdb_engine, spark_engine
from keyaccounts.warehouse.closing_values import basis_of
from keyaccounts.warehouse.dbt_process import SHOWN, NodeResult, project_digest
from keyaccounts.warehouse.first_published import NOTHING, FirstPublished, first_published
from keyaccounts.warehouse.landing_schema import lay_out
from keyaccounts.warehouse.rules import check_rules

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
STATE = "build_state.json"
LONGEST = 600
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = (*NO_UNIT_TESTS, "--exclude-resource-type", "test")
TIERS_EXPORTED = {
    "intermediate": spark_engine.EXPORTED["intermediate"], "marts": ("account_tiers",)
}  # fmt: skip


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

    A build that failed for the same landing, rules and day goes on where it stopped.
    Raises CheckFailedError when a data test failed, KeyaccountsError when a model did.
    """
    project = project_of(settings)
    basis = basis_of(settings, project_digest(project, _tier_files(project)))

    def build_tiers(old: Settings, day: date) -> Path:
        then = resolve(old)
        command = ["build", "--select", "+account_tiers", "--vars"]
        command += [json.dumps(_variables(old, day, then, NOTHING)), *NO_TESTS]
        _raise_for(_run(old, project, command, log, exported=TIERS_EXPORTED))
        return then.folder

    first = first_published(settings, run, basis, resolution.folder, build_tiers, log)
    variables = _variables(settings, run.as_of_date, resolution, first)
    target = settings.home / "warehouse" / "target"
    wanted = {
        "variables": variables,
        "landing": resolution.fingerprint,
        "loads": newest_loads(settings),
        "project": project_digest(project),
        "basis": basis,
        "engine": settings.engine,
    }
    # What a failed build made on Spark goes with its session, so there it starts anew.
    left = _left(settings, wanted) if settings.engine == "duckdb" else []
    log(f"build as of {run.as_of_date}" + (" (goes on where it stopped)" if left else ""))
    target.mkdir(parents=True, exist_ok=True)
    (target / STATE).write_text(json.dumps({**wanted, "status": "running"}), encoding="utf-8")
    command = ["build", "--vars", json.dumps(variables), *NO_UNIT_TESTS]
    nodes = _run(settings, project, [*command, *(("--select", *left) if left else ())], log)
    ended = {"status": _status(nodes), "left": [node.name for node in nodes if not node.is_done]}
    (target / STATE).write_text(json.dumps({**wanted, **ended}), encoding="utf-8")
    _raise_for(nodes)
    return BuildResult(bool(left), nodes)


def _variables(
    settings: Settings, day: date, resolution: Resolution, first: FirstPublished
) -> dict[str, Any]:
    return {
        "as_of_date": day.isoformat(),
        "base_currency": settings.base_currency,
        "timezone": settings.timezone,
        "max_rate_age_days": settings.max_rate_age_days,
        **lay_out(settings, resolution, first),
    }


def _run(
    settings: Settings,
    project: Path,
    command: list[str],
    log: Callable[[str], None],
    exported: Mapping[str, Sequence[str] | None] = spark_engine.EXPORTED,
) -> list[NodeResult]:
    if settings.engine == "spark":
        return spark_engine.run(settings, project, command, log, exported)
    return duckdb_engine.run(settings, project, command, log)


def _status(nodes: list[NodeResult]) -> str:
    failed = [node for node in nodes if node.is_bad]
    if not failed:
        return "done"
    return "failed" if any(node.kind != "test" for node in failed) else "refused"


def mark_audited(settings: Settings) -> None:
    """Note that the build passed the checks at the exit; publishing asks for it."""
    state = settings.home / "warehouse" / "target" / STATE
    state.write_text(json.dumps({**built_state(settings), "is_audited": True}), encoding="utf-8")


def built_state(settings: Settings) -> dict[str, Any]:
    """Return what the warehouse holds: variables, landing, status; {} before the first build."""
    file = settings.home / "warehouse" / "target" / STATE
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def _left(settings: Settings, wanted: dict[str, Any]) -> list[str]:
    """Return what the build before, which wanted the same and failed, did not come to."""
    try:
        state = built_state(settings)
    except json.JSONDecodeError:
        return []
    left: list[str] = state.pop("left", [])
    return left if state == {**json.loads(json.dumps(wanted)), "status": "failed"} else []


def run_dbt(
    settings: Settings, command: list[str], log: Callable[[str], None] = print
) -> list[NodeResult]:
    """Run one dbt command (its name first) against the warehouse of the home, in DuckDB."""
    return duckdb_engine.run(settings, project_of(settings), command, log)


def project_of(settings: Settings) -> Path:
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


def _tier_files(project: Path) -> list[Path]:
    """Return what the tiers are made from: other marts and all tests are not among it."""
    models = project / "models"
    folders = (project / "macros", project / "seeds", models / "staging", models / "intermediate")
    found = [file for folder in folders for file in folder.rglob("*")]
    found += [project / "dbt_project.yml", *models.rglob("account_tiers.sql")]
    return [file for file in found if file.suffix in {".sql", ".csv"} or file.parent == project]


def _raise_for(nodes: list[NodeResult]) -> None:
    failed = [node for node in nodes if node.is_bad]
    if not failed:
        return
    models = [node for node in failed if node.kind != "test"]
    first = "; ".join(
        f"{n.name}: {n.message.strip()[:LONGEST]}" for n in (models or failed)[:SHOWN]
    )
    if models:
        raise KeyaccountsError(f"{len(models)} node(s) failed in dbt. {first}")
    raise CheckFailedError(f"{len(failed)} data test(s) failed, nothing is published. {first}")
