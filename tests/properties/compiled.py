"""The dbt project as plain text: compiled once by dbt for what has landed, and kept on disk.

dbt compiles with a day that stands nowhere else in place of the as-of date; whoever runs the text
puts its own day there. The text is otherwise what dbt would execute.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from keyaccounts.settings import PROJECT_ROOT
from keyaccounts.warehouse.build import DBT_PROJECT
from keyaccounts.warehouse.dbt_process import environment_of, parsed

# Stands in the compiled text for the as-of date; no model, macro or seed holds this day.
SOME_DAY = "1987-06-05"


DATABASE = "keyaccounts_warehouse"
"""What the file of a warehouse is called, and so its database in the compiled text."""
CACHE = PROJECT_ROOT / ".pytest_cache" / "compiled"


@dataclass(frozen=True)
class Node:
    """One model or data test: its compiled text and the models it reads."""

    name: str
    schema: str
    sql: str
    parents: tuple[str, ...]
    is_view: bool = False


@dataclass(frozen=True)
class Project:
    """The compiled project: models in the order in which they can run, data tests by name."""

    models: dict[str, Node]
    tests: dict[str, Node]

    def upstream(self, names: Iterable[str]) -> list[str]:
        """Return the named models and all they rest on, in order."""
        wanted, queue = set(), list(names)
        while queue:
            name = queue.pop()
            if name not in wanted:
                wanted.add(name)
                queue.extend(self.models[name].parents)
        return [name for name in self.models if name in wanted]

    def downstream(self, name: str) -> list[str]:
        """Return the models that rest on the named one, in order, itself left out."""
        reached = {name}
        for model in self.models.values():
            if reached & set(model.parents):
                reached.add(model.name)
        return [model for model in self.models if model in reached - {name}]


def project_for(entities: Iterable[str], variant: str = "general") -> Project:
    """Return the project compiled for the entities that have landed (cached on disk).

    In the variant `general` every row may be held back and stand twice, in `clean` none does.
    """
    return _project(tuple(sorted(entities)), variant)


def variables_for(entities: Iterable[str], variant: str = "general") -> dict[str, Any]:
    """Return the dbt variables that the step `build` would set."""
    present = sorted(entities)
    is_clean = variant == "clean"
    return {
        "as_of_date": SOME_DAY,
        "base_currency": "CNY",
        "timezone": "Asia/Shanghai",
        "present_entities": present,
        "unique_entities": present if is_clean else [],
        "rejected_entities": [] if is_clean else present,
    }


@cache
def _project(entities: tuple[str, ...], variant: str) -> Project:
    digest = hashlib.sha256("|".join((variant, *entities)).encode())
    for folder in ("models", "macros", "seeds", "tests"):
        for file in sorted((DBT_PROJECT / folder).rglob("*")):
            if file.is_file():
                digest.update(file.read_bytes())
    digest.update(Path(__file__).read_bytes())
    file = CACHE / f"{digest.hexdigest()[:16]}.json"
    if not file.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_compile(variables_for(entities, variant)))
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    found = json.loads(file.read_text("utf-8"))
    return Project(
        {n["name"]: Node(**{**n, "parents": tuple(n["parents"])}) for n in found["models"]},
        {n["name"]: Node(**{**n, "parents": tuple(n["parents"])}) for n in found["tests"]},
    )


def _compile(variables: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        command = ["compile", "--no-introspect", "--vars", json.dumps(variables)]
        _dbt(command, folder, parsed(DBT_PROJECT, Path(folder)))
        manifest = json.loads((Path(folder) / "manifest.json").read_text("utf-8"))
    nodes = manifest["nodes"]
    models = _in_order({k: n for k, n in nodes.items() if n["resource_type"] == "model"})
    tests = [n for n in nodes.values() if n["resource_type"] == "test"]
    return {
        "models": [_node(node) for node in models],
        "tests": [_node(node) for node in sorted(tests, key=lambda n: str(n["name"]))],
    }


def _dbt(command: list[str], folder: str, manifest: Any) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        with environment_of({"KEYACCOUNTS_DBT_WAREHOUSE": f"{folder}/{DATABASE}.duckdb"}):
            result = dbtRunner(manifest=manifest).invoke(
                [
                    "--quiet", "--log-level", "none", *command, "--project-dir", str(DBT_PROJECT),
                    "--profiles-dir", str(DBT_PROJECT),
                    "--target-path", folder, "--log-path", folder,
                ]
            )  # fmt: skip
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not result.success:
        raise RuntimeError(f"dbt {command[0]} fails: {result.exception}")
    return result.result


def _in_order(models: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    done: dict[str, dict[str, Any]] = {}
    while len(done) < len(models):
        for key, node in models.items():
            parents = [p for p in node["depends_on"]["nodes"] if p in models]
            if key not in done and all(p in done for p in parents):
                done[key] = node
    return list(done.values())


def _node(node: dict[str, Any]) -> dict[str, Any]:
    parents = [p.split(".")[-1] for p in node["depends_on"]["nodes"] if p.startswith("model.")]
    return {
        "name": node["name"],
        "schema": node["schema"],
        "sql": node["compiled_code"].strip().replace(f'"{DATABASE}".', ""),
        "parents": parents,
        "is_view": node["config"]["materialized"] == "view",
    }


def changed_text(node: Node, changed: tuple[str, str] | None) -> str:
    """Return the text of a model with one fragment replaced; raises ValueError without it."""
    if changed is None:
        return node.sql
    fragment, other = changed
    if fragment not in node.sql:
        raise ValueError(f"{node.name} does not hold: {fragment}")
    return node.sql.replace(fragment, other)
