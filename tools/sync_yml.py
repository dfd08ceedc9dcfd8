"""Write the yml beside each model from its source of truth.

A mart's columns come from `dbt_project/marts.yml`; those of the layers below from the built
warehouse (`--warehouse FILE`), their meanings from `dbt_project/glossary.yml`; what the dashboards
rest on from `include/superset`. Hand-written data tests, unit tests and the time spine are kept.
With --check nothing is written and the exit code is 1 when a file is behind.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import duckdb
import yaml

from keyaccounts.bi.definition import dashboards, datasets

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
TYPES = {
    "text": "string",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "money": "decimal(18,2)",
    "ratio": "decimal(18,6)",
    "days": "decimal(18,2)",
    "quantity": "decimal(18,4)",
}
# A duplicate here is found by the marts that rest on it, at a hundredth of the price.
TOO_LARGE = {
    "int_revenue__documents",
    "int_receivables__documents",
    "int_revenue__lines",
    "int_revenue__purchases",
    "int_receivables__balances",
    "int_receivables__settlements",
    "int_receivables__invoices",
    "int_receivables__cash_applications",
    "int_receivables__cash_spells",
    "int_receivables__items_by_day",
    "int_credit__order_periods",
    "int_orders__completed_lines",
    "int_service__order_times",
    # What stands here twice is left out as well.
    "int_orders__reversed",
}
GENERATED = ("grain_is_unique", "columns_hold_contract")


class Dumper(yaml.SafeDumper):
    """Indents lists, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, False)


def rendered_mart(mart: dict[str, Any], existing: dict[str, Any]) -> str:
    """Return the yml text of one mart, with the hand-written tests of `existing`."""
    required = [c["name"] for c in mart["columns"] if not c["nullable"]]
    lists = {c["name"]: c["values"] for c in mart["columns"] if "values" in c}
    elements = {c["name"]: c["elements"] for c in mart["columns"] if "elements" in c}
    contract_test: dict[str, Any] = {"required": required}
    if lists:
        contract_test["values"] = lists
    if elements:
        contract_test["elements"] = elements
    head = {
        "name": mart["name"],
        "description": mart["description"],
        "config": {
            "meta": {key: mart[key] for key in ("audience", "grain", "requirements")},
        },
        "columns": [
            {"name": c["name"], "data_type": TYPES[c["type"]], "description": c["meaning"]}
            for c in mart["columns"]
        ],
    }
    tests = [
        {"grain_is_unique": {"arguments": {"columns": mart["grain"]}}},
        {"columns_hold_contract": {"arguments": contract_test}},
    ]
    return _dumped(head, tests, existing)


def rendered_layer(
    name: str, grain: list[str], text: str, columns: dict[str, str], existing: dict[str, Any]
) -> str:
    """Return the yml text of a staging or intermediate model."""
    spine = (existing.get("models") or [{}])[0].get("time_spine")
    head: dict[str, Any] = {"name": name, "description": text}
    head |= {"time_spine": spine} if spine else {}
    head["columns"] = [{"name": c, "description": meaning} for c, meaning in columns.items()]
    for column in head["columns"]:
        if spine and column["name"] == spine["standard_granularity_column"]:
            column["granularity"] = "day"
    tests = [{"grain_is_unique": {"arguments": {"columns": grain}}}] if _is_tested(name) else []
    return _dumped(head, tests, existing)


def _is_tested(name: str) -> bool:
    """Joins rest on the grain of the intermediate models; staging keys are unique by rule."""
    return name.startswith("int_") and name not in TOO_LARGE


def _dumped(head: dict[str, Any], tests: list[Any], existing: dict[str, Any]) -> str:
    model = (existing.get("models") or [{}])[0]
    kept = [t for t in model.get("data_tests", []) if not _is_generated(t)]
    if tests or kept:
        head["data_tests"] = [*tests, *kept]
    document: dict[str, Any] = {"version": 2, "models": [head]}
    if "unit_tests" in existing:
        document["unit_tests"] = existing["unit_tests"]
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, width=98, allow_unicode=True)


def _is_generated(test: Any) -> bool:
    return isinstance(test, dict) and next(iter(test)) in GENERATED


def wanted_files(warehouse: Path | None) -> dict[Path, str]:
    """Return the text that each yml should have."""
    contract = _loaded(PROJECT / "marts.yml")
    wanted = {PROJECT / "models" / "exposures.yml": exposures_text()}
    for mart in contract["marts"]:
        yml = PROJECT / "models" / "marts" / mart["folder"] / f"{mart['name']}.yml"
        if yml.with_suffix(".sql").exists():
            wanted[yml] = rendered_mart(mart, _read(yml))
    if warehouse is None:
        return wanted
    glossary = _loaded(PROJECT / "glossary.yml")
    found = _columns(warehouse)
    places = {sql.stem: sql for sql in (PROJECT / "models").rglob("*.sql")}
    for name, (grain, text) in glossary["models"].items():
        columns = {c: glossary["columns"][c] for c in found[name]}
        yml = places[name].with_suffix(".yml")
        wanted[yml] = rendered_layer(name, grain, text, columns, _read(yml))
    return wanted


def _read(yml: Path) -> dict[str, Any]:
    found = _loaded(yml) if yml.exists() else None
    return found or {}


def _loaded(yml: Path) -> Any:
    # The loader in C is ten times as fast, and not in every build of the library.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(yml.read_text(encoding="utf-8"), Loader=loader)


def _columns(warehouse: Path) -> dict[str, list[str]]:
    con = duckdb.connect(str(warehouse), read_only=True)
    try:
        rows = con.execute(
            "select table_name, list(column_name order by ordinal_position) "
            "from information_schema.columns "
            "where table_schema in ('staging', 'intermediate') group by table_name"
        ).fetchall()
    finally:
        con.close()
    return dict(rows)


def exposures_text() -> str:
    """Return what dbt is told of the dashboards: who rests on which marts."""
    known = datasets()
    exposures = []
    for board in dashboards():
        read = [known[name] for name in {chart.data for chart in board.charts}]
        marts = {dataset.mart for dataset in read} | (
            {"accounts"} if any(dataset.by for dataset in read) else set()
        )
        exposures.append({
            "name": board.name, "label": board.title, "type": "dashboard",
            "description": board.description, "owner": {"name": "Key accounts"},
            "depends_on": [f"ref('{mart}')" for mart in sorted(marts)],
            "config": {"meta": {"roles": list(board.roles)}},
        })  # fmt: skip
    text = yaml.safe_dump({"exposures": exposures}, sort_keys=False, allow_unicode=True, width=100)
    return f"# Written by tools/sync_yml.py from include/superset.\nversion: 2\n\n{text}"


def main() -> int:
    """Write or check the files; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, help="a built warehouse file")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    behind = [
        (yml, text)
        for yml, text in wanted_files(arguments.warehouse).items()
        if not yml.exists() or yml.read_text(encoding="utf-8") != text
    ]
    for yml, text in behind:
        print(f"behind: {yml.relative_to(PROJECT)}")
        if not arguments.check:
            yml.write_text(text, encoding="utf-8")
    return int(bool(behind) and arguments.check)


if __name__ == "__main__":
    sys.exit(main())
