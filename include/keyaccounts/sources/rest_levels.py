"""Read the REST part of a `sources.yml`: each request as the mappings that make it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from keyaccounts.contract import load_contract
from keyaccounts.sources.paths import Condition, Path, Template, scalar
from keyaccounts.sources.rest_spec import (
    Allocation,
    ApiSpec,
    Auth,
    Field,
    Paging,
    Request,
    Requests,
)

INHERITED = ("paging", "records", "total", "zone", "params", "headers")
"""What a system may say for all its entities."""
CONDITIONS = ("only", "except")
MERGED = ("params", "headers", "fields")
"""What is merged key by key; anything else replaces what stood there."""

Level = tuple[Mapping[str, Any], list[str | int]]
"""A mapping of the file, and the path that leads to it."""


def api_of(spec: Mapping[str, Any]) -> ApiSpec:
    """Return what a system says of itself."""
    auth = dict(spec.get("auth", {}))
    if "in" in auth:
        auth["location"] = auth.pop("in")
    auth.setdefault("name", "X-API-Key" if auth.get("type") == "api_key" else "Authorization")
    rate = spec.get("rate_limit")
    return ApiSpec(
        auth=Auth(**auth),
        rate_limit=None if rate is None else float(rate),
        retries=spec.get("retries", 5),
        timeout=spec.get("timeout", 60),
    )


def levels_of(
    system: Mapping[str, Any], entity: Mapping[str, Any], name: str
) -> Iterator[tuple[str, list[Level]]]:
    """Yield each request of an entity as the mappings that make it up, the widest first.

    The kind is whole, since or deleted.
    """
    base: list[Level] = [
        ({key: system[key] for key in INHERITED if key in system}, ["systems", entity["from"]]),
        (entity, ["entities", name]),
    ]
    listed = entity.get("requests")
    bases = [base]
    if listed is not None:
        own: list[str | int] = ["entities", name, "requests"]
        bases = [[*base, (spec, [*own, number])] for number, spec in enumerate(listed)]
    for levels in bases:
        yield "whole", levels
        for kind in ("since", "deleted"):
            owner = next((level for level in reversed(levels) if kind in level[0]), None)
            if owner is not None:
                yield kind, [*levels, (owner[0][kind], [*owner[1], kind])]
            elif kind == "since":
                yield kind, levels


def merged(levels: list[Level]) -> dict[str, Any]:
    """Return the keys of a request; what is null in a narrower mapping goes."""
    found: dict[str, Any] = {}
    for spec, _ in levels:
        for key, value in spec.items():
            if value is None:
                found.pop(key, None)
            elif key in MERGED:
                both = {**found.get(key, {}), **value}
                found[key] = {name: part for name, part in both.items() if part is not None}
            else:
                found[key] = value
    return found


def spec_of(kind: str, levels: list[Level]) -> dict[str, Any]:
    """Return the keys of a request. What makes a row count is not asked of a deletion."""
    if kind == "deleted":
        bare = [
            ({key: value for key, value in spec.items() if key not in CONDITIONS}, path)
            for spec, path in levels[:-1]
        ]
        levels = [*bare, levels[-1]]
    return merged(levels)


def place_of(levels: list[Level], *keys: str) -> list[str | int]:
    """Return the path to a key of a request: where it was said last."""
    for spec, path in reversed(levels):
        node: Any = spec
        for key in keys:
            node = node.get(key) if isinstance(node, Mapping) else None
        if node is not None:
            return [*path, *keys]
    return levels[-1][1]


LineOf = Callable[[list[str | int]], int]


def requests_of(
    system: Mapping[str, Any], entity: Mapping[str, Any], name: str, line_of: LineOf
) -> Requests:
    """Return the requests of an entity; raises ConfigurationError for a path that is none."""
    found: dict[str, list[Request]] = {"whole": [], "since": [], "deleted": []}
    for kind, levels in levels_of(system, entity, name):
        found[kind].append(_request(name, kind, levels, line_of))
    return Requests(**{kind: tuple(requests) for kind, requests in found.items()})


def _request(name: str, kind: str, levels: list[Level], line_of: LineOf) -> Request:
    spec = spec_of(kind, levels)
    zone = spec.get("zone")
    fields = {
        column: field_of(said, line_of(place_of(levels, "fields", column)), zone)
        for column, said in spec.get("fields", {}).items()
    }
    count = spec.get("count")
    return Request(
        line=line_of(place_of(levels, "path")),
        path=spec["path"],
        records=Path(spec["records"]),
        fields=fields,
        params=dict(spec.get("params", {})),
        headers=dict(spec.get("headers", {})),
        body=spec.get("body"),
        each=paths_of(spec.get("each", [])),
        split=spec.get("split"),
        allocate=_allocation(spec["allocate"]) if "allocate" in spec else None,
        condition=_condition(spec),
        parent=spec.get("parent", _self_named(name, spec)),
        paging=paging_of(spec["paging"]),
        total=Path(spec["total"]) if spec.get("total") else None,
        count=count
        and (
            count.get("path", spec["path"]),
            {**spec.get("params", {}), **count.get("params", {})},
            Path(count["total"]),
        ),
        most=spec.get("most"),
        is_deleted=kind == "deleted",
    )


def _self_named(name: str, spec: Mapping[str, Any]) -> str | None:
    """Return the key of a record that is a row only under a condition: without it, it is gone."""
    keys = load_contract()[name].keys
    is_conditional = "only" in spec or "except" in spec
    has_rows = "each" in spec or "allocate" in spec
    return keys[0] if is_conditional and not has_rows and len(keys) == 1 else None


def listed(spec: Any) -> list[Any]:
    """Return a list, or the one element that stands in its place."""
    return list(spec) if isinstance(spec, list) else [spec]


def paths_of(spec: str | list[str]) -> tuple[Path, ...]:
    """Return the paths."""
    return tuple(Path(path) for path in listed(spec))


def _allocation(spec: Mapping[str, Any]) -> Allocation:
    return Allocation(paths_of(spec["from"]), paths_of(spec["to"]), Path(spec["amount"]))


def _condition(spec: Mapping[str, Any]) -> Condition:
    def sides(key: str) -> tuple[tuple[Path, tuple[str | None, ...]], ...]:
        return tuple(
            (Path(path), tuple(scalar(value) for value in listed(values)))
            for path, values in spec.get(key, {}).items()
        )

    return Condition(sides("only"), sides("except"))


def paging_of(spec: str | Mapping[str, Any]) -> Paging:
    """Return how an API pages."""
    if isinstance(spec, str):
        return Paging(spec)
    said = dict(spec)
    first = said.pop("first", 0 if said["type"] == "offset" else 1)
    is_in_body = said.pop("in", "params") == "body"
    return Paging(**said, first=first, in_body=is_in_body)


def field_of(spec: str | list[str] | Mapping[str, Any], line: int, zone: str | None) -> Field:
    """Return how a column comes from a row."""
    if not isinstance(spec, Mapping):
        return Field(line, tuple(Template(path) for path in listed(spec)), zone=zone)
    values = spec.get("values", {})
    times = spec.get("times")
    return Field(
        line=line,
        sources=tuple(Template(path) for path in listed(spec.get("path", []))),
        constant=scalar(spec.get("value")),
        values=tuple((scalar(key) or "", scalar(value)) for key, value in values.items()),
        times=(
            field_of(times, line, None)
            if isinstance(times, Mapping)
            else None
            if times is None
            else Fraction(str(times))
        ),
        condition=_condition(spec),
        epoch=spec.get("epoch"),
        zone=spec.get("zone", zone),
    )
