"""Read `sources.yml`: where each entity comes from, how it is loaded, how its columns map."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import STORAGE_URL
from keyaccounts.sources.faults import (
    ADDRESSES,
    FILE_KEYS,
    line_of,
    meaning_faults,
    schema_faults,
)
from keyaccounts.sources.mapping import FileSpec, Line, Mapping, Sources, Statement, System
from keyaccounts.sources.rest_levels import api_of, requests_of
from keyaccounts.sources.rest_spec import Requests

UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}


def load_sources(file: Path) -> Sources:
    """Read the file; raises ConfigurationError that lists every fault with its line."""
    document = _parsed(file)
    faults = sorted(set(schema_faults(document)))
    if not faults:
        faults = sorted(set(meaning_faults(document)))
    if faults:
        raise ConfigurationError(
            "\n".join(f"{file.name} line {line}: {text}" for line, text in faults)
        )
    return _sources(file, document)


def _parsed(file: Path) -> CommentedMap:
    try:
        document = YAML().load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name} is not UTF-8: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
    except MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{file.name}{line}: {error.problem}") from error
    except YAMLError as error:
        raise ConfigurationError(f"{file.name}: {error}") from error
    if not isinstance(document, CommentedMap):
        raise ConfigurationError(f"{file.name} line 1: must have the keys systems and entities")
    return document


def _sources(file: Path, document: CommentedMap) -> Sources:
    systems = {
        name: System(
            name=name,
            kind=spec["kind"],
            place=Line(file.name, line_of(document, ["systems", name])),
            base=file.parent,
            address=next(((key, str(spec[key])) for key in ADDRESSES if key in spec), ("", "")),
            folder=_folder(file, spec),
            folder_url=spec["folder"] if _is_url(spec) else None,
            statement_timeout=spec.get("statement_timeout", 3600),
            api=api_of(spec) if spec["kind"] == "rest" else None,
            pool=spec.get("pool"),
        )
        for name, spec in document["systems"].items()
    }
    entities = document["entities"]
    mappings = {
        name: _mapping(file, document, name, systems[entities[name]["from"]])
        for name in load_contract()
        if name in entities
    }
    return Sources(file, systems, mappings)


def _is_url(spec: CommentedMap) -> bool:
    return re.fullmatch(STORAGE_URL, spec.get("folder", "")) is not None


def _folder(file: Path, spec: CommentedMap) -> Path | None:
    if "folder" not in spec or _is_url(spec):
        return None
    return Path(file.parent, str(spec["folder"])).resolve()


def _mapping(file: Path, document: CommentedMap, name: str, system: System) -> Mapping:
    spec: CommentedMap = document["entities"][name]
    path = ["entities", name]

    def place(*keys: str) -> Line:
        return Line(file.name, line_of(document, [*path, *keys]))

    def statement(key: str) -> Statement | None:
        if key not in spec:
            return None
        is_block = isinstance(spec[key], LiteralScalarString)
        first = spec.lc.value(key)[0] + (2 if is_block else 1)
        text = str(spec[key]).rstrip().rstrip(";")
        return Statement(text, Line(file.name, first), is_block)

    sql = statement("sql")
    if "table" in spec:
        sql = Statement(f"select * from {spec['table']}", place("table"), False)
    load = spec.get("load", "full")
    requests: Requests | None = None
    if system.kind == "rest":
        api = document["systems"][system.name]
        requests = requests_of(api, spec, name, lambda keys: line_of(document, keys))
    return Mapping(
        entity=name,
        system=system,
        place=place(),
        load=load,
        sql=sql,
        changes=statement("changes"),
        columns={str(k): str(v) for k, v in spec.get("columns", {}).items()},
        column_places=(
            {str(k): place("columns", k) for k in spec.get("columns", {})}
            if requests is None
            else {k: Line(file.name, field.line) for k, field in requests.fields.items()}
        ),
        cursor=spec.get("cursor", "updated_at"),
        look_back=_span(spec.get("look_back", "1 day")),
        requests=requests,
        partition=_span(spec["partition"]) if "partition" in spec else None,
        reconcile_every_days=spec.get("reconcile_every_days", 0 if load == "changes" else 1),
        file=_file_spec(spec) if system.kind == "files" else None,
    )


def _file_spec(spec: CommentedMap) -> FileSpec | None:
    given = {key: spec[key] for key in (*FILE_KEYS, "zone") if key in spec}
    if not given and "columns" not in spec:
        return None
    return FileSpec(pattern=given.pop("file", None), **given)


def _span(text: str) -> timedelta:
    number, unit = text.split(" ")
    arguments: dict[str, Any] = {UNITS[unit.rstrip("s")]: int(number)}
    return timedelta(**arguments)
