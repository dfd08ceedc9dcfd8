"""The data tests of the project as dbt's manifest has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Check:
    """One data test.

    `name` is its own name, or `<model>.<kind>` where dbt made one up. `executed` is the statement
    that dbt sends for it: failures and thresholds as its configuration counts them.
    """

    name: str
    kind: str
    model: str
    arguments: Mapping[str, Any]
    reads: frozenset[str]
    executed: str
    is_error: bool
    told: str
    """Its comment or description: what it claims and which bad row turns it red."""


@dataclass(frozen=True)
class Project:
    """Checks by name, and the compiled SQL of the models by table (`schema.name`)."""

    checks: dict[str, Check]
    models: dict[str, str]


def read_project(target: Path) -> Project:
    """Return the tests and models of the build whose artifacts lie in `target`."""
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    nodes: dict[str, dict[str, Any]] = {**manifest["nodes"], **manifest["sources"]}
    found = [_check(node, nodes) for node in nodes.values() if node["resource_type"] == "test"]
    checks = {check.name: check for check in found}
    if len(checks) < len(found):
        names = [check.name for check in found]
        raise ValueError(
            f"two checks share a name: {sorted({n for n in names if names.count(n) > 1})}"
        )
    models = {
        _table(node): node["compiled_code"]
        for node in nodes.values()
        if node["resource_type"] == "model"
    }
    return Project(checks, models)


def _check(node: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> Check:
    generic = node.get("test_metadata") or {}
    kind = generic.get("name", "singular")
    model = nodes[node["attached_node"]]["name"] if node.get("attached_node") else ""
    is_named = not generic or not node["name"].startswith(f"{kind}_")
    # Beside the compiled test lies what dbt executed: the test inside its count of failures.
    executed = Path(node["compiled_path"].replace("/target/compiled/", "/target/run/"))
    return Check(
        name=node["name"] if is_named else f"{model}.{kind}",
        kind=kind,
        model=_table(nodes[node["attached_node"]]) if model else "",
        arguments=generic.get("kwargs", {}),
        reads=frozenset(_table(nodes[name]) for name in node["depends_on"]["nodes"]),
        executed=executed.read_text("utf-8"),
        is_error=node["config"]["severity"].lower() == "error",
        told=node["raw_code"] if kind == "singular" else node["description"],
    )


def _table(node: dict[str, Any]) -> str:
    return f"{node['schema']}.{node.get('alias') or node['name']}"
