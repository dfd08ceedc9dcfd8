"""Which texts the code asks for: read from its syntax, in Python and in templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import Environment, nodes

from keyaccounts.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "include" / "keyaccounts"
FACES = [
    *sorted((PACKAGE / "alerts").glob("*.py")), *sorted((PACKAGE / "reports").glob("*.py")),
    *sorted((PACKAGE / "pages").glob("*.py")), *sorted((PROJECT_ROOT / "plugins").glob("*.py")),
    PACKAGE / "texts" / "reader.py", PACKAGE / "errors.py",
]  # fmt: skip
TEMPLATES = sorted(PACKAGE.glob("*/templates/*.j2"))
LOOKUPS = {"word", "words", "text", "group"}
KEY = re.compile(r"[a-z_]+\.[a-z0-9_]+")


@dataclass
class Uses:
    """Keys and groups that are asked for, each with the places; `open` are keys made up there."""

    keys: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def key(self, key: str, place: str) -> None:
        """Note a key."""
        self.keys.setdefault(key, []).append(place)

    def group(self, group: str, place: str) -> None:
        """Note a group."""
        self.groups.setdefault(group, []).append(place)


def uses() -> Uses:
    """Return what the modules and templates of the faces ask for."""
    found = Uses()
    for file in FACES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                _python(node, f"{file.name}:{node.lineno}", found)
    for file in TEMPLATES:
        for call in Environment().parse(file.read_text("utf-8")).find_all(nodes.Call):
            _template(call, f"{file.name}:{call.lineno}", found)
    return found


def _python(call: ast.Call, place: str, found: Uses) -> None:
    name, attribute = _names(call.func)
    first = call.args[0] if call.args else None
    literals = [] if first is None else list(_literals(first))
    if attribute in LOOKUPS or name == "Code":
        for literal in literals:
            found.group(literal, place)
    elif attribute == "joined":
        by = call.args[1] if len(call.args) > 1 else ast.Constant("comma")
        for literal in _literals(by):
            found.key(f"list.{literal}", place)
    elif name.endswith("Error"):
        for literal in (one for argument in call.args for one in _literals(argument)):
            if KEY.fullmatch(literal):
                found.key(literal, place)
    elif name in {"texts", "ENGLISH"} or attribute == "texts" or _is_texts(call.func):
        _note(literals, ast.unparse(first) if first else "", place, found)
    elif name == "self" and isinstance(call.func, ast.Name):
        _note(literals, "", place, found)


def _note(literals: list[str], source: str, place: str, found: Uses) -> None:
    for literal in literals:
        found.key(literal, place)
    if not literals and source not in {"", "self.key"}:
        found.open.append(f"{place}: {source}")


def _is_texts(func: ast.expr) -> bool:
    """Say whether the texts of a request are called: `_texts(request)(…)`."""
    return isinstance(func, ast.Call) and ast.unparse(func.func) == "_texts"


def _names(func: ast.expr) -> tuple[str, str]:
    """Return the name that is called, and the attribute of it."""
    if isinstance(func, ast.Attribute):
        return "", func.attr
    return (func.id if isinstance(func, ast.Name) else ""), ""


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _template(call: nodes.Call, place: str, found: Uses) -> None:
    func, first = call.node, call.args[0] if call.args else None
    literals = [] if first is None else [c.value for c in _constants(first)]
    if isinstance(func, nodes.Name) and func.name == "t":
        for literal in literals:
            found.key(literal, place)
        if not literals:
            found.open.append(place)
    elif isinstance(func, nodes.Getattr) and isinstance(func.node, nodes.Name):
        if func.node.name == "t" and func.attr in LOOKUPS:
            for literal in literals:
                found.group(literal, place)
        elif func.node.name == "t" and func.attr == "joined":
            found.key("list.comma", place)


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    if isinstance(node, nodes.Const):
        yield node
    if isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        if node.expr2 is not None:
            yield from _constants(node.expr2)
