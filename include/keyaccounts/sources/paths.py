"""Paths into JSON (JSONPath), and texts with paths in braces.

`$` is the record of the answer; without it a path starts at the row, which is the record or one
element of its `each`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from keyaccounts.errors import ConfigurationError

SIMPLE = re.compile(r"(\$\.)?[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")
BRACED = re.compile(r"\{([^{}]+)\}")
PLACEHOLDER = re.compile(r"\{(start|fields|offset|page|size)(?::([^{}]*))?\}")
DAY_AND_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Path:
    """A JSONPath. Names with dots between them, which most are, are looked up directly."""

    def __init__(self, text: str) -> None:
        """Compile; raises ConfigurationError."""
        self.text = text
        self.is_of_record = text.startswith("$")
        self.names: tuple[str, ...] | None = None
        self._compiled: Any = None
        if text in {"$", "@"}:
            self.names = ()
        elif SIMPLE.fullmatch(text):
            self.names = tuple(text.removeprefix("$.").split("."))
        else:
            self._compiled = _compiled(text)

    def __repr__(self) -> str:
        """Return the text: it names the path in a digest."""
        return f"Path({self.text!r})"

    def all(self, node: Any) -> list[Any]:
        """Return the values at the path, [] where there is nothing."""
        if self.names is None:
            return [match.value for match in self._compiled.find(node)]
        for name in self.names:
            if not isinstance(node, dict) or name not in node:
                return []
            node = node[name]
        return [node]

    def first(self, node: Any) -> Any:
        """Return the first value at the path that is not null; None where there is none."""
        return next((value for value in self.all(node) if value is not None), None)


def _compiled(text: str) -> Any:
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    try:
        return parse(text)
    except (JSONPathError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{text} is no JSONPath: {str(error).splitlines()[0]}") from error


@dataclass(frozen=True)
class Template:
    """A path, or a text with paths in braces; null where one of them finds nothing."""

    text: str
    paths: tuple[Path, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the paths; raises ConfigurationError."""
        found = BRACED.findall(self.text) if "{" in self.text else [self.text]
        object.__setattr__(self, "paths", tuple(Path(path.strip()) for path in found))

    def value(self, row: Any, record: Any) -> Any:
        """Return the value for a row of a record."""
        found = [path.first(record if path.is_of_record else row) for path in self.paths]
        if "{" not in self.text:
            return found[0]
        if any(value is None for value in found):
            return None
        unfit = next((value for value in found if isinstance(value, dict | list)), None)
        if unfit is not None:
            return unfit
        parts = iter(found)
        return BRACED.sub(lambda _: scalar(next(parts)) or "", self.text)


@dataclass(frozen=True)
class Condition:
    """Rows that count: a path has one of the values of `only`, and none of those of `excepted`."""

    only: tuple[tuple[Path, tuple[str | None, ...]], ...] = ()
    excepted: tuple[tuple[Path, tuple[str | None, ...]], ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths that are looked at."""
        return tuple(path for path, _ in self.only + self.excepted)

    def holds(self, row: Any, record: Any) -> bool:
        """Return whether a row counts."""
        for path, values in self.only:
            if not _is_among(path, values, row, record):
                return False
        return not any(_is_among(path, values, row, record) for path, values in self.excepted)


ALWAYS = Condition()


def _is_among(path: Path, values: tuple[str | None, ...], row: Any, record: Any) -> bool:
    found = scalar(path.first(record if path.is_of_record else row))
    return found in values or any(_is_same_number(found, value) for value in values)


def _is_same_number(one: str | None, other: str | None) -> bool:
    try:
        return one is not None and other is not None and Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def scalar(value: Any) -> str | None:
    """Return a JSON scalar as text with its digits; an object or a list as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return str(value)


def filled(node: Any, values: Mapping[str, Any]) -> Any:
    """Return texts, lists and objects of a request with their placeholders filled."""
    if isinstance(node, dict):
        return {str(key): filled(value, values) for key, value in node.items() if value is not None}
    if isinstance(node, list):
        return [part for value in node for part in _elements(value, values)]
    if not isinstance(node, str):
        return node
    return PLACEHOLDER.sub(lambda match: _placed(match, values), node)


def _elements(node: Any, values: Mapping[str, Any]) -> list[Any]:
    """Return an element of a list; the paths of the fields are several."""
    found = filled(node, values)
    match = PLACEHOLDER.fullmatch(node) if isinstance(node, str) else None
    if match and match[1] == "fields" and "fields" in values:
        return [str(path) for path in found.split(",") if path]
    return [found]


def placeholders(node: Any) -> set[str]:
    """Return the names of the placeholders in a request."""
    if isinstance(node, dict):
        return set().union(*(placeholders(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(placeholders(value) for value in node))
    return {match[0] for match in PLACEHOLDER.findall(node)} if isinstance(node, str) else set()


def _placed(match: re.Match[str], values: Mapping[str, Any]) -> str:
    name, form = match.groups()
    if name not in values:
        return match.group()
    value = values[name]
    if name == "fields":
        prefix = form or ""
        return ",".join(path[len(prefix) :] for path in value if path.startswith(prefix))
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        if form in {"s", "ms"}:
            return str(int(moment.timestamp()) * (1000 if form == "ms" else 1))
        return moment.strftime(form or DAY_AND_TIME)
    return str(value)
