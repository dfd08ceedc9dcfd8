"""Structural rules of the project, read from the dbt manifest of a built company and the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyaccounts.settings import PROJECT_ROOT
from keyaccounts.warehouse.dbt_process import parsed
from tests.acceptance import loaders
from tests.conftest import SHARING, Warehouse, build_company, data_tests_left_out

DBT = PROJECT_ROOT / "dbt_project"
MODELS = sorted((DBT / "models").rglob("*.sql"))
SQL = [*MODELS, *sorted((DBT / "macros").rglob("*.sql")), *sorted((DBT / "tests").rglob("*.sql"))]
LAYERS = {"stg": 0, "int": 1}
TEXTS = {".py", ".sql", ".yml", ".yaml", ".toml", ".txt", ".in", ".md", ".sh"}
ENVIRONMENTS = {".venv", ".venv-spark", ".venv-bi"}
MADE = ENVIRONMENTS | {".git", ".demo", ".bench", ".bi", "target", "__pycache__"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("rules")
    loaders.movements(folder / "source")
    with data_tests_left_out():
        return build_company(folder / "home", folder / "source", "2026-06-30")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = parsed(DBT, tmp_path_factory.mktemp("target"))
    return dict(found.writable_manifest().to_dict())


def models_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def uncommented(file: Path) -> str:
    text = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.S)
    return re.sub(r"--.*", "", text)


def test_the_files_that_share_a_company_are_there() -> None:
    named = set().union(*SHARING.values())
    assert [file for file in sorted(named) if not (PROJECT_ROOT / file).is_file()] == []


def test_there_are_models_and_tests() -> None:
    assert len(MODELS) > 40
    assert len(list((DBT / "tests").rglob("assert_*.sql"))) > 10


@pytest.mark.parametrize("file", MODELS, ids=lambda f: f.stem)
def test_each_model_has_its_yml_beside_it(file: Path) -> None:
    found = yaml.safe_load(file.with_suffix(".yml").read_text("utf-8"))["models"]
    assert [model["name"] for model in found] == [file.stem]


def test_yml_columns_are_the_columns_of_the_table(
    built: Warehouse, manifest: dict[str, Any]
) -> None:
    found: dict[str, list[str]] = {}
    for table, column in built.rows(
        "select table_name, column_name from information_schema.columns "
        "where table_schema in ('staging', 'intermediate', 'marts') order by 1, ordinal_position"
    ):
        found.setdefault(table, []).append(column)
    assert {m["name"]: list(m["columns"]) for m in models_of(manifest)} == found


def test_nothing_is_without_a_description(manifest: dict[str, Any]) -> None:
    missing = [
        f"{node['name']}.{column['name']}"
        for node in models_of(manifest)
        for column in [{"name": "", "description": node["description"]}, *node["columns"].values()]
        if not column["description"].strip()
    ]
    assert missing == []


def test_marts_have_an_enforced_contract_and_a_grain_test(manifest: dict[str, Any]) -> None:
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "grain_is_unique"
    }
    marts = [n for n in models_of(manifest) if "marts" in n["fqn"]]
    assert len(marts) >= 15
    assert [n["name"] for n in marts if not n["contract"]["enforced"]] == []
    assert [n["name"] for n in marts if n["unique_id"] not in tested] == []


def test_the_marts_are_those_of_the_contract(manifest: dict[str, Any]) -> None:
    contract = yaml.safe_load((DBT / "marts.yml").read_text("utf-8"))["marts"]
    promised = {m["name"]: [c["name"] for c in m["columns"]] for m in contract}
    for node in models_of(manifest):
        if "marts" in node["fqn"]:
            assert list(node["columns"]) == promised[node["name"]], node["name"]


def test_no_layer_looks_up(manifest: dict[str, Any]) -> None:
    wrong = [
        f"{node['name']} <- {parent}"
        for node in models_of(manifest)
        for parent in (p.split(".")[-1] for p in node["depends_on"]["nodes"])
        if LAYERS.get(node["name"][:3], 2) < LAYERS.get(parent[:3], 2)
        and f"model.keyaccounts.{parent}" in node["depends_on"]["nodes"]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "banned",
    [
        r"\bcurrent_date\b",
        r"\bcurrent_timestamp\b",
        r"\bnow\s*\(",
        r"\bgetdate\s*\(",
        r"sum\s*\(\s*distinct",
        r"^\s*select\s+distinct\b",
        r"\brandom\s*\(",
    ],
)
def test_banned_words_do_not_occur(banned: str) -> None:
    hits = [
        f"{file.name}: {line.strip()}"
        for file in SQL
        for line in uncommented(file).splitlines()
        if re.search(banned, line, re.I)
    ]
    assert hits == []


def test_classifications_have_no_else_with_a_word() -> None:
    """What matches no rule is null, and a test fails."""
    hits = [
        f"{file.name}: {line.strip()}"
        for file in MODELS
        for line in re.sub(r"\{\{.*?\}\}", "", uncommented(file)).splitlines()
        if re.search(r"\belse\s+'", line, re.I)
    ]
    assert hits == []


# What DuckDB and Spark do not share; then what they mean differently: ties of doubles, the scale of
# averages and quotients, null in concat, the first day of a week.
PRIVATE_WORDS = (
    "generate_series unnest string_agg to_json struct_pack list_aggregate qualify timezone "
    "to_months exclude explode sequence collect_list named_struct varchar hugeint ilike"
)
PRIVATE_CALLS = (
    "round avg mean median concat hash md5 dayofweek weekday date_diff datediff strftime"
)
PRIVATE = re.compile(
    rf"\b({PRIVATE_WORDS.replace(' ', '|')})\b|\b({PRIVATE_CALLS.replace(' ', '|')})\s*\(|/", re.I
)


def is_private(line: str) -> bool:
    """Tell whether a line of SQL is for one engine only."""
    return bool(PRIVATE.search(re.sub(r"'[^']*'", "''", line))) and "var(" not in line


def test_engine_functions_live_in_their_folder() -> None:
    """What the engines do not share, or mean differently, is called through macros/engine only."""
    hits = [
        f"{file.relative_to(DBT)}: {line.strip()}"
        for file in SQL
        if "engine" not in file.parts
        for line in uncommented(file).splitlines()
        if is_private(line)
    ]
    assert hits == []


@pytest.mark.parametrize(
    "line",
    ["select a / b", "a // 2", "round (x, 2)", "avg(x)", "cast(x as VARCHAR)", "concat(a, b)"],
)
def test_lines_for_one_engine_are_seen(line: str) -> None:
    assert is_private(line)
    assert not is_private("concat_ws('a/b', background, average_amount) as rounded")


def test_nothing_that_is_parsed_depends_on_a_variable() -> None:
    """The project is parsed once for all companies and days: see `dbt_process.parsed`."""
    inside = re.compile(r"config\([^)]*\b(?:var|is_present|as_of_date)\(", re.S)
    found = [file.name for file in SQL if inside.search(uncommented(file))]
    settings = [*(DBT / "models").rglob("*.yml"), *(DBT / "seeds").rglob("*.yml")]
    settings.append(DBT / "dbt_project.yml")
    found += [
        file.name for file in settings if re.search(r"\{\{.*\bvar\(", file.read_text("utf-8"))
    ]
    assert found == []


def test_the_yml_files_follow_the_contract(built: Warehouse) -> None:
    from tools.sync_yml import wanted_files

    behind = [
        str(file.relative_to(DBT))
        for file, text in wanted_files(built.settings.warehouse).items()
        if file.read_text("utf-8") != text
    ]
    assert behind == [], "run tools/sync_yml.py --warehouse FILE"


def test_no_address_of_a_registry_and_no_machine_path_is_in_a_file() -> None:
    pattern = re.compile(
        r"(extra-)?index[-]url|find[-]links|\"resolved\": *\"http"
        r"|(?<![\w.])/(?:home|root|Users)/[a-z]"
    )
    tracked = [
        file
        for file in PROJECT_ROOT.rglob("*")
        if file.is_file()
        and not MADE & set(file.parts)
        and (file.suffix in TEXTS or file.name in {"Makefile", "Dockerfile", "run"})
    ]
    assert len(tracked) > 100
    hits = [
        f"{file.name}:{number}"
        for file in tracked
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert hits == []
