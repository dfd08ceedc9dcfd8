"""The cases of macros/engine read no table, so they turn red by a macro that answers otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from tests.dbt.bad_rows.checks import read_project
from tests.dbt.bad_rows.company import shared_company
from tests.dbt.bad_rows.walk import WITHOUT_ROWS

pytestmark = pytest.mark.slow

CASE = re.compile(r"select\s+'(?P<name>[^']+)' as case_name,\s+(?P<got>cast\(.*?\)) as got,", re.S)
DISPATCH = re.compile(r"adapter\.dispatch\('(\w+)'\)")
MACROS = Path(__file__).parents[2] / "dbt_project" / "macros" / "engine"


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    built = shared_company(tmp_path_factory.getbasetemp())
    project = read_project(built.settings.home / "warehouse" / "target")
    [name] = WITHOUT_ROWS
    return project.checks[name].executed


def test_each_case_is_red_by_another_answer_and_alone(sql: str) -> None:
    cases = list(CASE.finditer(sql))
    assert len(cases) == sql.count(" as case_name,") > 30
    for case in cases:
        other = f"coalesce({case['got']}, '') || '#'"
        start, end = case.span("got")
        assert _red(sql[:start] + other + sql[end:]) == 1, case["name"]


def test_the_cases_hold(sql: str) -> None:
    assert _red(sql) == 0


def test_each_macro_that_differs_has_a_case() -> None:
    text = next(MACROS.parents[1].rglob("tests/engine/*.sql")).read_text("utf-8")
    macros = {
        name for file in MACROS.glob("*.sql") for name in DISPATCH.findall(file.read_text("utf-8"))
    }
    # By way of these: multiply_divide, and the type in every case.
    inside = {"whole", "whole_division", "layer_schema"}
    assert len(macros) > 12
    assert {name for name in macros - inside if f"{name}(" not in text} == set()


def _red(sql: str) -> int:
    return int(duckdb.sql(sql).fetchall()[0][0])
