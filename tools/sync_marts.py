"""Write what `dbt_project/marts.yml` promises into the yml beside each mart.

Keeps `config`, `data_tests` beyond the generated ones and `unit_tests`. With --check nothing is
written and the exit code is 1 when a file is behind.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "money": "decimal(18,2)",
    "ratio": "decimal(18,6)",
    "days": "decimal(18,2)",
    "quantity": "decimal(18,4)",
}
GENERATED = ("grain_is_unique", "columns_hold_contract")


class Dumper(yaml.SafeDumper):
    """Indents lists, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, False)


def rendered(mart: dict[str, Any], existing: dict[str, Any]) -> str:
    """Return the yml text of one mart, with the hand-written tests of `existing`."""
    model = (existing.get("models") or [{}])[0]
    kept = [t for t in model.get("data_tests", []) if not _is_generated(t)]
    required = [c["name"] for c in mart["columns"] if not c["nullable"]]
    lists = {c["name"]: c["values"] for c in mart["columns"] if "values" in c}
    elements = {c["name"]: c["elements"] for c in mart["columns"] if "elements" in c}
    contract_test: dict[str, Any] = {"required": required}
    if lists:
        contract_test["values"] = lists
    if elements:
        contract_test["elements"] = elements
    document: dict[str, Any] = {
        "version": 2,
        "models": [
            {
                "name": mart["name"],
                "description": mart["description"],
                "config": {
                    "meta": {
                        "audience": mart["audience"],
                        "grain": mart["grain"],
                        "requirements": mart["requirements"],
                    }
                },
                "columns": [
                    {
                        "name": c["name"],
                        "data_type": TYPES[c["type"]],
                        "description": c["meaning"],
                    }
                    for c in mart["columns"]
                ],
                "data_tests": [
                    {"grain_is_unique": {"arguments": {"columns": mart["grain"]}}},
                    {"columns_hold_contract": {"arguments": contract_test}},
                    *kept,
                ],
            }
        ],
    }
    if "unit_tests" in existing:
        document["unit_tests"] = existing["unit_tests"]
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, width=98, allow_unicode=True)


def _is_generated(test: Any) -> bool:
    return isinstance(test, dict) and next(iter(test)) in GENERATED


def main() -> int:
    """Synchronise every mart that has a model; return the exit code."""
    contract = yaml.safe_load((PROJECT / "marts.yml").read_text(encoding="utf-8"))
    behind = []
    for mart in contract["marts"]:
        sql = PROJECT / "models" / "marts" / mart["folder"] / f"{mart['name']}.sql"
        if not sql.exists():
            continue
        yml = sql.with_suffix(".yml")
        old = yml.read_text(encoding="utf-8") if yml.exists() else ""
        new = rendered(mart, yaml.safe_load(old) or {})
        if new != old:
            behind.append(yml.name)
            if "--check" not in sys.argv:
                yml.write_text(new, encoding="utf-8")
    if behind:
        print("behind dbt_project/marts.yml: " + ", ".join(behind))
    return int(bool(behind) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
