"""The contract's row rules as SQL: one expression per value, one bit per rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from keyaccounts.contract import MEANING_COLUMNS, TYPE_WORDS, Column, Entity
from keyaccounts.sources.files import quoted

EARLIEST = "1900-01-01"
MONEY_SIGNS = {
    "erp_invoices": (
        (
            "gross_amount",
            "document_type = 'credit_note' and gross_amount > 0",
            "a credit note must not be positive",
        ),
        (
            "gross_amount",
            "document_type = 'invoice' and gross_amount < 0",
            "an invoice must not be negative",
        ),
    )
}


@dataclass(frozen=True)
class Rule:
    """One rule on one column. `broken` is SQL over raw (`r_x`) and typed (`x`) values.

    A broken rule holds the row back where `holds_back`, else the value becomes null.
    """

    column: str
    broken: str
    claim: str
    holds_back: bool


# Types of a file that already are what the contract says: nothing to parse, nothing to break.
NATIVE = {
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP"},
    "boolean": {"BOOLEAN"},
    "integer": {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"},
    "money": {"DECIMAL(18,2)"},
    "quantity": {"DECIMAL(18,4)"},
    "rate": {"DECIMAL(18,8)"},
}
NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "HUGEINT", "UBIGINT")


def is_native(column: Column, types: Mapping[str, str]) -> bool:
    """Return whether the values of a file need no parsing."""
    return column.type == "text" or types[column.name] in NATIVE[column.type]


def typed(
    column: Column, types: Mapping[str, str], readings: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return SQL that gives the typed value, null where it does not parse.

    `readings` names the column that has the value as the contract writes it, where another has it
    as the source does.
    """
    if column.name not in types:
        return f"cast(null as {column.sql_type})"
    if column.name in readings:
        return _parsed(column, quoted(readings[column.name]))
    name = quoted(column.name)
    if column.type == "text":
        return f"nullif(cast({name} as varchar), '')"
    if is_native(column, types):
        return f"cast({name} as {column.sql_type})"
    if types[column.name].startswith("TIMESTAMP WITH") and column.type == "timestamp":
        return f"timezone('UTC', {name})"
    if types[column.name].startswith(NUMBERS) and column.type in {"money", "quantity", "rate"}:
        return f"try_cast({name} as {column.sql_type})"
    return _parsed(column, f"trim(cast({name} as varchar))")


def written(column: Column, types: Mapping[str, str]) -> str:
    """Return SQL that is null where a file has no value: an empty text is none."""
    name = quoted(column.name)
    return f"nullif(trim({name}), '')" if types[column.name] == "VARCHAR" else name


def _parsed(column: Column, text: str) -> str:
    if column.type == "date":
        # A time at midnight is a day; any other time of day is not.
        day = f"regexp_replace({text}, '[ T]00:00(:00(\\.0+)?)?$', '')"
        return (
            f"case when regexp_full_match({day}, '\\d{{4}}-\\d{{2}}-\\d{{2}}') "
            f"then try_cast({day} as date) end"
        )
    if column.type == "timestamp":
        return f"cast(try_cast({text} as timestamptz) as timestamp)"
    if column.type == "boolean":
        return f"try_cast(lower({text}) as boolean)"
    if column.type == "integer":
        return (
            f"case when regexp_full_match({text}, '[+-]?\\d+(\\.0+)?') "
            f"then try_cast({text} as bigint) end"
        )
    return (
        f"case when regexp_full_match({text}, '[+-]?(\\d+\\.?\\d*|\\.\\d+)') "
        f"then try_cast({text} as {column.sql_type}) end"
    )


def rules_of(
    entity: Entity, types: Mapping[str, str], words: Mapping[str, str] = MappingProxyType({})
) -> list[Rule]:
    """Return the rules for a file whose columns have `types`; `words` say how some are written."""
    rules = [
        rule
        for column in entity.columns
        if column.name in types
        for rule in _column_rules(entity, column, is_native(column, types), words.get(column.name))
    ]
    signs = [
        Rule(column, broken, claim, holds_back=True)
        for column, broken, claim in MONEY_SIGNS.get(entity.name, ())
        if "document_type" in types
    ]
    return rules + signs


def _column_rules(
    entity: Entity, column: Column, is_parsed: bool, word: str | None = None
) -> list[Rule]:
    name = column.name
    holds_back = column.is_required or (entity.name, name) in MEANING_COLUMNS
    rules = []
    if column.is_required:
        empty = name if is_parsed else raw(name)
        rules.append(Rule(name, f"{empty} is null", "must not be empty", holds_back=True))
    if not is_parsed:
        broken = f"{raw(name)} is not null and {name} is null"
        rules.append(Rule(name, broken, f"is not {word or TYPE_WORDS[column.type]}", holds_back))
    if column.minimum is not None:
        claim = f"must be at least {column.minimum}"
        rules.append(Rule(name, f"{name} < {column.minimum}", claim, holds_back))
    if column.type in {"date", "timestamp"}:
        # A mistyped century would become the first document of the company.
        claim = f"must not lie before {EARLIEST}"
        rules.append(Rule(name, f"{name} < date '{EARLIEST}'", claim, holds_back))
    if column.maximum is not None:
        claim = f"must be at most {column.maximum}"
        rules.append(Rule(name, f"{name} > {column.maximum}", claim, holds_back))
    if column.above is not None:
        claim = f"must be above {column.above}"
        rules.append(Rule(name, f"{name} <= {column.above}", claim, holds_back))
    if column.values:
        listed = ", ".join(f"'{value}'" for value in column.values)
        claim = f"must be one of {', '.join(column.values)}"
        rules.append(Rule(name, f"{name} not in ({listed})", claim, holds_back))
    return rules


def raw(name: str) -> str:
    """Return the name of the raw text of a column."""
    return f"r_{name}"
