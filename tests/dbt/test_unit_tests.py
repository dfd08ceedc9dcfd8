"""The dbt unit tests pass; they need the tables of a built company for their types."""

from __future__ import annotations

import json
from pathlib import Path

from keyaccounts.warehouse.build import built_state, run_dbt
from tests.acceptance import loaders
from tests.conftest import build_company, silent


def test_the_dbt_unit_tests_pass(tmp_path: Path) -> None:
    loaders.tier_abc(tmp_path / "source", "S3")
    built = build_company(tmp_path / "home", tmp_path / "source", "2026-06-30")
    variables = json.dumps(built_state(built.settings)["variables"])
    nodes = run_dbt(
        built.settings, ["test", "--select", "test_type:unit", "--vars", variables], silent
    )
    assert len(nodes) >= 4
    assert {node.name: node.message for node in nodes if node.status != "pass"} == {}
