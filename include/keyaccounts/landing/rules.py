"""The contract's row rules as SQL: one expression per value, one bit per rule."""

from __future__ import annotations

from dataclasses import dataclass

from keyaccounts.contract import MEANING_COLUMNS, TYPE_WORDS, Column, Entity

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


def typed(column: Column, file_columns: tuple[str, ...]) -> str:
    """Return SQL that gives the typed value, null where it does not parse."""
    if column.name not in file_columns:
        return f"cast(null as {column.sql_type})"
    if column.type == "text":
        return f"nullif(cast({quoted(column.name)} as varchar), '')"
    raw = f"trim(cast({quoted(column.name)} as varchar))"
    if column.type == "date":
        # A time at midnight is a day; any other time of day is not.
        raw = f"regexp_replace({raw}, '[ T]00:00(:00(\\.0+)?)?$', '')"
        return f"case when regexp_full_match({raw}, '\\d{{4}}-\\d{{2}}-\\d{{2}}') " + (
            f"then try_cast({raw} as date) end"
        )
    if column.type == "timestamp":
        return f"cast(try_cast({raw} as timestamptz) as timestamp)"
    if column.type == "boolean":
        return f"try_cast(lower({raw}) as boolean)"
    if column.type == "integer":
        return f"case when regexp_full_match({raw}, '[+-]?\\d+(\\.0+)?') " + (
            f"then try_cast({raw} as bigint) end"
        )
    return f"try_cast({raw} as {column.sql_type})"


def rules_of(entity: Entity, file_columns: tuple[str, ...]) -> list[Rule]:
    """Return the rules for a file that has `file_columns`."""
    rules = [
        rule
        for column in entity.columns
        if column.name in file_columns
        for rule in _column_rules(entity, column)
    ]
    signs = [
        Rule(column, broken, claim, holds_back=True)
        for column, broken, claim in MONEY_SIGNS.get(entity.name, ())
        if "document_type" in file_columns
    ]
    return rules + signs


def _column_rules(entity: Entity, column: Column) -> list[Rule]:
    name = column.name
    holds_back = column.is_required or (entity.name, name) in MEANING_COLUMNS
    rules = []
    if column.is_required:
        rules.append(Rule(name, f"{raw(name)} is null", "must not be empty", holds_back=True))
    if column.type != "text":
        broken = f"{raw(name)} is not null and {name} is null"
        rules.append(Rule(name, broken, f"is not {TYPE_WORDS[column.type]}", holds_back))
    if column.minimum is not None:
        claim = f"must be at least {column.minimum}"
        rules.append(Rule(name, f"{name} < {column.minimum}", claim, holds_back))
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


def quoted(name: str) -> str:
    """Return an identifier that may hold any character."""
    return '"' + name.replace('"', '""') + '"'
