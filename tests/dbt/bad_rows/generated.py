"""Bad rows that follow from the arguments of a generic test: a new mart needs no plumbing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from tests.dbt.bad_rows.checks import Check
from tests.dbt.bad_rows.walk import BadRow

Claims = Iterator[tuple[str, str]]
"""What is wrong, and the statement that makes it so."""


def generated(checks: Iterable[Check]) -> list[BadRow]:
    """Return the bad rows of the generic tests; what breaks two of them by its make is one row."""
    checks = list(checks)
    grains = {c.model: c.arguments["columns"] for c in checks if c.kind == "grain_is_unique"}
    red: dict[str, set[str]] = defaultdict(set)
    statements: dict[str, str] = {}
    for check in checks:
        for wrong, statement in MAKERS.get(check.kind, _none)(check, grains.get(check.model, [])):
            name = f"{check.model}: {wrong}"
            red[name].add(check.name)
            statements[name] = statement
    return [BadRow(name, frozenset(red[name]), (statements[name],)) for name in statements]


def _none(_: Check, __: list[str]) -> Claims:
    return iter(())


def _grain(check: Check, grain: list[str]) -> Claims:
    yield (
        "a row stands twice",
        f"insert into {check.model} {_one_row(check.model, grain)}",
    )
    for column in grain:
        yield _null(check.model, column, grain)


def _contract(check: Check, grain: list[str]) -> Claims:
    for column in check.arguments.get("required", []):
        yield _null(check.model, column, grain)
    for column in check.arguments.get("values", {}):
        yield (
            f"{column} is not in its list",
            _update(check.model, f"{column} = 'no such word'", grain),
        )
    for column, words in check.arguments.get("elements", {}).items():
        for what, text in {
            "a word that is not in its list": f"{words[0]}|no such word",
            "two words without a pipe between them": words[0] + words[-1],
            "an empty word": f"{words[0]}|",
            "no word": "",
        }.items():
            yield f"{column} has {what}", _update(check.model, f"{column} = '{text}'", grain)


def _null(table: str, column: str, grain: list[str]) -> tuple[str, str]:
    return f"{column} is null", _update(table, f"{column} = null", grain)


def _update(table: str, change: str, grain: list[str]) -> str:
    return f"update {table} set {change} where rowid = ({_one_row(table, grain, 'rowid')})"


def _one_row(table: str, grain: list[str], what: str = "*") -> str:
    return f"select {what} from {table} order by {', '.join(grain) or 'rowid'} limit 1"


MAKERS: dict[str, Callable[[Check, list[str]], Claims]] = {
    "grain_is_unique": _grain,
    "columns_hold_contract": _contract,
}
