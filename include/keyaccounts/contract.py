"""The source contract: entities, their columns, keys, ranges, lists and references."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONTRACT_FILE = Path(__file__).with_name("source_contract.yml")
CONTRACT_VERSION = 2
REQUIRED_ENTITIES = ("crm_accounts", "erp_invoices", "erp_invoice_lines")
SQL_TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "money": "decimal(18,2)",
    "quantity": "decimal(18,4)",
    "rate": "decimal(18,8)",
}
TYPE_WORDS = {
    "text": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "date": "a date (YYYY-MM-DD)",
    "timestamp": "a time (YYYY-MM-DD HH:MM:SS, UTC)",
    "money": "an amount",
    "quantity": "a quantity",
    "rate": "a rate",
}
# Where null would change the meaning of the row, a bad value holds the row back (ruling 20).
MEANING_COLUMNS = {("erp_invoices", "status"), ("erp_invoices", "document_type")}


@dataclass(frozen=True)
class Column:
    """One column of an entity; `name` is the header in a file."""

    name: str
    type: str
    is_key: bool = False
    is_required: bool = False
    default: object = None
    minimum: int | None = None
    maximum: int | None = None
    above: int | None = None
    values: tuple[str, ...] = ()
    references: str | None = None

    @property
    def sql_type(self) -> str:
        """The DuckDB and Spark type."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Entity:
    """One entity of the contract."""

    name: str
    columns: tuple[Column, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key columns, in order."""
        return tuple(column.name for column in self.columns if column.is_key)

    def column(self, name: str) -> Column:
        """Return the column called `name`; raises KeyError."""
        return next(column for column in self.columns if column.name == name)


@cache
def load_contract(path: Path = CONTRACT_FILE) -> dict[str, Entity]:
    """Return the entities of the contract by name, in the order of the file."""
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Entity(name, _columns(name, spec)) for name, spec in text.items()}


def _columns(entity: str, spec: dict[str, dict[str, Any]]) -> tuple[Column, ...]:
    own = [
        Column(
            name=name,
            type=rule["type"],
            is_key=rule.get("key", False),
            is_required=rule.get("required", False),
            default=rule.get("default"),
            minimum=rule.get("min"),
            maximum=rule.get("max"),
            above=rule.get("above"),
            values=tuple(rule.get("in", ())),
            references=rule.get("ref"),
        )
        for name, rule in spec.items()
    ]
    common = [
        Column("updated_at", "timestamp"),
        Column("is_deleted", "boolean", default=False),
    ]
    return tuple(own + common)
