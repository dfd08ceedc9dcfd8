"""What is wrong with a `sources.yml`, each fault with its line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from keyaccounts.contract import REQUIRED_ENTITIES, load_contract
from keyaccounts.settings import SECRET, STORAGE_URL
from keyaccounts.sources.rest_faults import (
    REQUEST_KEYS,
    SYSTEM_KEYS,
    rest_entity_faults,
    rest_system_faults,
    zone_fault,
)

SCHEMA_FILE = Path(__file__).with_name("sources.schema.json")
ADDRESSES = ("connection", "url_env", "url")
FILE_KEYS = (
    "file", "sheet", "header_row", "delimiter", "encoding", "decimal_comma", "date_format",
)  # fmt: skip
"""What may be said of the files of an entity."""

Fault = tuple[int, str]
"""A line, from 1, and what is wrong there."""


def schema_faults(document: CommentedMap) -> Iterator[Fault]:
    """Yield where the file has another shape than the schema."""
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    for error in Draft202012Validator(schema).iter_errors(document):
        yield from _told(document, error)


def _told(document: CommentedMap, error: ValidationError) -> Iterator[Fault]:
    path = [str(part) for part in error.absolute_path]
    said: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        for name in said:
            if name not in known:
                hint = ""
                if _is_secret(name):
                    more = ", or a variable that secret_env names" if path[2:3] == ["auth"] else ""
                    hint = f"; credentials come by connection or url_env{more}"
                yield (
                    line_of(document, [*path, name]),
                    f"{name} is no key of {_name(path)}{_near(name, known)}{hint}",
                )
    elif "propertyNames" in error.absolute_schema_path:
        text = (
            f"{said} is no entity of the contract{_near(said, list(load_contract()))}"
            if path == ["entities"]
            else f"{said} is no plain name (lower case, digits, underscores)"
        )
        yield line_of(document, [*path, said]), text
    elif error.validator == "required":
        missing = [name for name in rule if name not in said]
        yield line_of(document, path), f"{_name(path)} has no {', '.join(missing)}"
    elif error.validator == "pattern" and path[-1] in {"look_back", "partition"}:
        yield line_of(document, path), f"{path[-1]} does not read like 6 hours or 30 days"
    else:
        # The value itself may be a secret that went astray.
        text = error.message if error.validator in {"enum", "type", "minimum"} else "is not valid"
        yield line_of(document, path), f"{_name(path)}: {text}"


def _is_secret(name: str) -> bool:
    return re.search(SECRET, name, re.IGNORECASE) is not None


def _near(name: str, known: list[str]) -> str:
    found = get_close_matches(name, known, 1)
    return f"; {found[0]}?" if found else ""


def _name(path: list[str]) -> str:
    return ".".join(path) or "the file"


def line_of(document: CommentedMap, path: Sequence[str | int]) -> int:
    """Return the line of the key, or element of a list, that a path leads to."""
    node: Any = document
    line = 0
    for part in path:
        if isinstance(node, CommentedSeq) and str(part).isdigit() and int(part) < len(node):
            line = node.lc.item(int(part))[0]
            node = node[int(part)]
        elif isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0]
            node = node[part]
        else:
            break
    return line + 1


def meaning_faults(document: CommentedMap) -> Iterator[Fault]:
    """Yield what does not go together in a file that has the right shape."""
    for name, system in document["systems"].items():
        path = ["systems", name]
        yield from ((line_of(document, [*path, k]), text) for k, text in _system_faults(system))
        if system["kind"] == "rest":
            for keys, text in rest_system_faults(system):
                yield line_of(document, [*path, *keys]), text
    for name, spec in document["entities"].items():
        path = ["entities", name]
        system = document["systems"].get(spec["from"])
        if system is None:
            known = list(document["systems"])
            yield (
                line_of(document, [*path, "from"]),
                f"there is no system {spec['from']}; there are {', '.join(known)}",
            )
            continue
        if system["kind"] == "rest":
            for place, text in rest_entity_faults(system, spec, name):
                yield line_of(document, place), text
            yield from (
                (line_of(document, [*path, *keys]), text) for keys, text in _load_faults(spec)
            )
            continue
        faults = _entity_faults(name, spec, system["kind"])
        yield from ((line_of(document, [*path, *keys]), text) for keys, text in faults)
    missing = [name for name in REQUIRED_ENTITIES if name not in document["entities"]]
    if missing:
        yield line_of(document, ["entities"]), f"{', '.join(missing)} must be among the entities"


def _system_faults(system: CommentedMap) -> Iterator[tuple[str, str]]:
    given = [key for key in ADDRESSES if key in system]
    if system["kind"] != "rest":
        for key in SYSTEM_KEYS:
            if key in system:
                yield key, f"{key} is for a system of kind rest"
    if system["kind"] == "files":
        if "folder" not in system:
            yield "kind", "a system of kind files needs a folder"
        for key in [*given, *(k for k in ("statement_timeout",) if k in system)]:
            yield key, f"{key} is not for a system of kind files"
        yield from _folder_faults(system.get("folder", ""))
        return
    if "folder" in system:
        yield "folder", f"folder is not for a system of kind {system['kind']}"
    if system["kind"] != "postgres" and "statement_timeout" in system:
        yield "statement_timeout", "statement_timeout is for kind postgres"
    if len(given) != 1:
        yield "kind", "give one of connection (Airflow), url_env (environment) and url"
    if "url" in system and has_secret(system["url"]):
        yield (
            "url",
            "the address must not carry a password: name an Airflow connection (connection) or "
            "an environment variable that holds the address (url_env)",
        )


def _folder_faults(folder: str) -> Iterator[tuple[str, str]]:
    if "://" not in folder:
        return
    if has_secret(folder) or urlsplit(folder).username:
        yield (
            "folder",
            "the address must not carry credentials: give them as AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or by the role of the machine",
        )
    elif not re.fullmatch(STORAGE_URL, folder):
        yield (
            "folder",
            "the address is no s3://BUCKET/FOLDER, gs://, hdfs://, abfs:// or file:///FOLDER",
        )


def has_secret(url: str) -> bool:
    """Return whether an address carries a password, or may carry one because it does not parse."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or re.search(SECRET, parts.query, re.I) is not None
    except ValueError:
        return True


def _entity_faults(name: str, spec: CommentedMap, kind: str) -> Iterator[tuple[list[str], str]]:
    load = spec.get("load", "full")
    if kind == "files":
        yield from _file_faults(spec, load)
        yield from _column_faults(name, spec)
        return
    for key in REQUEST_KEYS:
        if key in spec:
            yield [key], f"{key} is for a system of kind rest"
    for key in FILE_KEYS:
        if key in spec:
            yield [key], f"{key} is for a system of kind files"
    if ("sql" in spec) == ("table" in spec):
        yield [], f"{name} needs either sql or table"
    if "columns" in spec and "table" not in spec:
        yield ["columns"], "columns go with table; a select names its columns by itself"
    if ("changes" in spec) != (load == "changes"):
        key = "changes" if "changes" in spec else "load"
        yield [key], "load: changes and a select under changes go together"
    yield from _load_faults(spec)
    if "partition" in spec and load != "incremental":
        yield ["partition"], "partition is for load: incremental"
    yield from _column_faults(name, spec)
    if "columns" in spec and load != "full" and "updated_at" not in spec["columns"]:
        yield ["columns"], f"load: {load} needs updated_at among the columns"


def _column_faults(name: str, spec: CommentedMap) -> Iterator[tuple[list[str], str]]:
    known = [column.name for column in load_contract()[name].columns]
    for column in spec.get("columns", {}):
        if column not in known:
            yield (
                ["columns", column],
                f"{column} is no column of {name} in the contract{_near(column, known)}",
            )


def _load_faults(spec: CommentedMap) -> Iterator[tuple[list[str], str]]:
    for key in ("cursor", "look_back", "reconcile_every_days"):
        if key in spec and spec.get("load", "full") == "full":
            yield [key], f"{key} is for load: incremental or changes"


def _file_faults(spec: CommentedMap, load: str) -> Iterator[tuple[list[str], str]]:
    for key in spec:
        if key not in {"from", "load", "columns", "zone", *FILE_KEYS}:
            yield [key], f"{key} is not for files"
    if load == "changes":
        yield ["load"], "files are loaded full or incremental"
    pattern = spec.get("file", "")
    if load == "incremental" and not re.search(r"[*?\[]", pattern):
        yield (
            ["load"],
            "load: incremental takes each new file of a folder: give file as a pattern such as "
            "invoices_*.csv",
        )
    if pattern.startswith("/") or {"..", "**"} & set(pattern.split("/")):
        yield (
            ["file"],
            "file is a name or a pattern below the folder of the system, without .. or **",
        )
    if "sheet" in spec and not pattern.endswith((".xlsx", ".xlsm")):
        yield ["sheet"], "sheet is for files that end in .xlsx or .xlsm"
    for key in ("delimiter", "encoding"):
        if key in spec and pattern.endswith((".xlsx", ".xlsm", ".parquet")):
            yield [key], f"{key} is for files of text"
    if "encoding" in spec and not _is_encoding(spec["encoding"]):
        yield ["encoding"], f"encoding {spec['encoding']} is not known"
    if "zone" in spec:
        yield from ((["zone"], text) for _, text in zone_fault([], spec["zone"]))
    form = spec.get("date_format", "excel")
    parts = {"day": "%d", "month": "%[mbB]", "year": "%[Yy]"}
    missing = [word for word, part in parts.items() if not re.search(part, form)]
    if form != "excel" and missing:
        yield (
            ["date_format"],
            f"date_format {form} says no {', '.join(missing)}; write it like %d.%m.%Y, or excel "
            "for days that Excel counts",
        )


def _is_encoding(name: str) -> bool:
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except LookupError:
        return False
