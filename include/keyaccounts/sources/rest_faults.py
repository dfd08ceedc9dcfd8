"""What does not go together in the REST part of a `sources.yml`, each fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import SECRET
from keyaccounts.sources.paths import Path, Template, placeholders
from keyaccounts.sources.rest_levels import (
    INHERITED,
    Level,
    levels_of,
    listed,
    merged,
    place_of,
    spec_of,
)

SYSTEM_KEYS = ("auth", "rate_limit", "retries", "timeout", *INHERITED)
REQUEST_KEYS = (
    "path", *INHERITED, "body", "each", "split", "allocate", "only", "except", "parent", "fields",
    "count", "most", "since", "deleted", "requests",
)  # fmt: skip
DATABASE_KEYS = ("sql", "table", "columns", "changes", "cursor", "partition")
SAFE_HEADERS = {"accept", "user-agent", "content-type", "prefer"}
NEEDS = {
    "none": (), "link": (), "next_url": ("next",), "cursor": ("next", "param"),
    "page": (), "offset": ("size",),
}  # fmt: skip

Place = list[str | int]
Fault = tuple[Place, str]


def rest_system_faults(system: Mapping[str, Any]) -> Iterator[tuple[list[str], str]]:
    """Yield what is wrong in a system of kind rest, by the path within it."""
    auth = system.get("auth", {})
    kind = auth.get("type", "none")
    only = {
        "in": ("api_key",), "name": ("api_key",), "grant": ("oauth2",), "client": ("oauth2",),
        "token_url": ("oauth2",), "token_params": ("oauth2",), "token_file": ("oauth2",),
        "login_env": ("basic", "oauth2"), "refresh_token_env": ("oauth2",),
        "secret_env": ("api_key", "basic", "bearer", "oauth2"),
    }  # fmt: skip
    for key in auth:
        if key in only and kind not in only[key]:
            yield ["auth", key], f"{key} is for auth of type {' or '.join(only[key])}"
    if kind == "oauth2" and "token_url" not in auth:
        yield ["auth"], "auth of type oauth2 needs a token_url"
    for key in ("token_file", "refresh_token_env"):
        if key in auth and auth.get("grant") != "refresh_token":
            yield ["auth", key], f"{key} is for grant: refresh_token"
    for name in auth.get("token_params", {}):
        if re.search(SECRET, name, re.IGNORECASE):
            yield ["auth", "token_params", name], f"{name} must not stand in the file"
    if "url" in system and not re.match(r"https?://[^\s/?#]+[^\s?#]*$", system["url"]):
        yield ["url"], "url must be like https://api.example.com/v1"


def rest_entity_faults(
    system: Mapping[str, Any], entity: Mapping[str, Any], name: str
) -> Iterator[Fault]:
    """Yield what is wrong in an entity that comes from a system of kind rest."""
    own: Place = ["entities", name]
    for key in DATABASE_KEYS:
        if key in entity:
            yield [*own, key], f"{key} is not for a system of kind rest"
    load = entity.get("load", "full")
    tells_deletions = False
    said: set[tuple[str, str]] = set()
    for kind, levels in levels_of(system, entity, name):
        tells_deletions = tells_deletions or kind == "deleted"
        if kind != "whole" and load == "full":
            if kind in levels[-1][1]:
                yield levels[-1][1], f"{kind} is for load: incremental or changes"
            continue
        if kind == "since" and "is_deleted" in merged(levels).get("fields", {}):
            tells_deletions = tells_deletions or load == "changes"
        for place, text in _request_faults(kind, levels, name, load):
            if (str(place), text) not in said:
                said.add((str(place), text))
                yield place, text
    if tells_deletions and load == "incremental":
        yield [*own, "load"], "deleted and load: changes go together"
    if load == "changes" and not tells_deletions:
        yield [*own, "load"], "load: changes needs deleted, or is_deleted among the fields"


def _request_faults(kind: str, levels: list[Level], name: str, load: str) -> Iterator[Fault]:
    spec = spec_of(kind, levels)
    here = levels[-1][1]
    missing = [key for key in ("path", "records", "fields", "paging") if key not in spec]
    if missing:
        hint = " (paging: none where all rows come at once)" if "paging" in missing else ""
        yield here, f"{name} has no {', '.join(missing)}{hint}"
        return
    yield from _field_faults(kind, levels, name, load, spec["fields"])
    for key in ("records", "total", "each"):
        for path in listed(spec.get(key) or []):
            yield from _path_fault(place_of(levels, key), path)
    for key in ("only", "except"):
        for path in spec.get(key, {}):
            yield from _path_fault(place_of(levels, key, path), path)
    for key, said in spec.get("allocate", {}).items():
        for path in listed(said):
            yield from _path_fault(place_of(levels, "allocate", key), path)
    if "allocate" in spec and "each" in spec:
        yield place_of(levels, "allocate"), "either each or allocate"
    yield from _paging_faults(levels, spec)
    if "count" in spec:
        yield from _path_fault(place_of(levels, "count", "total"), spec["count"]["total"])
    if "zone" in spec:
        yield from zone_fault(place_of(levels, "zone"), spec["zone"])
    for key in ("params", "headers"):
        for part, value in spec.get(key, {}).items():
            if _is_secret(key, str(part), value):
                yield (
                    place_of(levels, key, str(part)),
                    (
                        f"{part} may be a secret: sign in by auth, which takes it from a "
                        "connection or the environment"
                    ),
                )
    has_rows = "each" in spec or "allocate" in spec
    if "parent" in spec and not (has_rows and spec["parent"] in spec["fields"]):
        yield place_of(levels, "parent"), "parent needs each or allocate, and is one of the fields"
    if "most" in spec and not (spec.get("total") or "count" in spec):
        yield place_of(levels, "most"), "most needs a total"
    used = placeholders([spec["path"], spec.get("params"), spec.get("body")])
    if kind == "since" and "start" not in used:
        yield here, f"load: {load} needs {{start}} in what since says of params, body or path"


def _field_faults(
    kind: str, levels: list[Level], name: str, load: str, fields: Mapping[str, Any]
) -> Iterator[Fault]:
    entity = load_contract()[name]
    known = [column.name for column in entity.columns]
    for column, said in fields.items():
        place = place_of(levels, "fields", column)
        if column not in known:
            near = get_close_matches(column, known, 1)
            hint = f"; {near[0]}?" if near else ""
            yield place, f"{column} is no column of {name} in the contract{hint}"
        yield from ((place, text) for text in _field_texts(column, said))
    needed = [c.name for c in entity.columns if c.is_key or (c.is_required and kind != "deleted")]
    if load != "full":
        needed.append("updated_at")
    missing = [column for column in needed if column not in fields]
    if missing:
        why = f"; load: {load} needs it" if missing == ["updated_at"] else ""
        yield place_of(levels, "fields"), f"fields of {name} lack {', '.join(missing)}{why}"


def _field_texts(column: str, said: str | list[str] | Mapping[str, Any]) -> Iterator[str]:
    spec = said if isinstance(said, Mapping) else {"path": said}
    if "path" not in spec and "value" not in spec:
        yield f"{column} needs a path or a value"
    times = spec.get("times")
    more = listed(times["path"]) if isinstance(times, Mapping) else []
    for path in [*listed(spec.get("path", [])), *more]:
        yield from (text for _, text in _path_fault([], path, Template))
    for path in (*spec.get("only", {}), *spec.get("except", {})):
        yield from (text for _, text in _path_fault([], path))
    if "zone" in spec:
        yield from (text for _, text in zone_fault([], spec["zone"]))


def _paging_faults(levels: list[Level], spec: Mapping[str, Any]) -> Iterator[Fault]:
    paging = spec["paging"]
    if isinstance(paging, str):
        return
    place = place_of(levels, "paging")
    kind = paging["type"]
    lacking = [key for key in NEEDS[kind] if key not in paging]
    if lacking:
        yield place, f"paging by {kind} needs {', '.join(lacking)}"
    if kind in {"page", "offset"} and "param" not in paging:
        used = placeholders([spec.get("params"), spec.get("body")])
        if not used & {"page", "offset"}:
            yield place, f"paging by {kind} needs param, or {{{kind}}} in params or body"
    if paging.get("in") == "body" and "body" not in spec:
        yield place, "paging in the body needs a body"
    for key in ("next", "more", "pages"):
        if key in paging and kind != "link":
            yield from _path_fault(place, paging[key])


def _path_fault(place: Place, text: str, kind: Any = Path) -> Iterator[Fault]:
    try:
        kind(text)
    except ConfigurationError as error:
        yield place, str(error)


def zone_fault(place: Place, text: str) -> Iterator[Fault]:
    """Yield that a text is no name of a time zone."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield place, f"{text} is no time zone; one is called like Europe/Berlin"


def _is_secret(key: str, name: str, value: object) -> bool:
    if key == "headers":
        # Anything else that a header says is as likely a key as not.
        return name.lower() not in SAFE_HEADERS and (
            re.search(rf"{SECRET}|auth|cookie", name, re.IGNORECASE) is not None
        )
    return (
        re.search(rf"(^|[_-])(api_?)?({SECRET})s?$", name, re.IGNORECASE) is not None
        and isinstance(value, str)
        and not placeholders(value)
    )
