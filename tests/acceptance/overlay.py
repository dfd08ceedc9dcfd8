"""The dbt project with rows of a fixture in place of some models and rules, for either engine."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.warehouse.build import DBT_PROJECT

Table = tuple[list[str], list[str], list[tuple[Any, ...]]]


def project_with(folder: Path, setup: str, file: Path, tables: dict[str, str]) -> Path:
    """Copy the project to `folder`; each of `tables` holds what its query over `setup` returns.

    `setup` is one statement of DuckDB with a parameter, the fixture's `file`. A table is a model or
    a seed of the project; its other columns and rows are gone.
    """
    shutil.copytree(DBT_PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
    con = duckdb.connect()
    try:
        con.execute(setup, [str(file)])
        for name, query in tables.items():
            result = con.execute(query)
            names = [column[0] for column in result.description]
            types = [str(column[1]) for column in result.description]
            _replace(folder, name, (names, types, result.fetchall()))
    finally:
        con.close()
    return folder


def _replace(project: Path, name: str, table: Table) -> None:
    found = [*project.glob(f"seeds/{name}.csv"), *project.glob(f"models/**/{name}.sql")]
    [place] = found
    names, types, rows = table
    if place.suffix == ".csv":
        with place.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([names, *rows])
        return
    selects = [
        ", ".join(_cast(v, t, n) for v, t, n in zip(row, types, names, strict=True)) for row in rows
    ]
    place.write_text(" union all\n".join(f"select {s}" for s in selects), encoding="utf-8")


def _cast(value: Any, kind: str, name: str) -> str:
    literal = "null" if value is None else f"'{value}'"
    kind = "{{ text_type() }}" if kind == "VARCHAR" else kind
    return f"cast({literal} as {kind}) as {name}"
