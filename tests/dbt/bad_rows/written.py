"""Bad rows written by hand, and which checks see a generated one besides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.dbt.bad_rows.checks import Check
from tests.dbt.bad_rows.walk import BadRow

HERE = Path(__file__).parent


def written(*files: Path) -> list[BadRow]:
    """Return the bad rows of files (default: those of the data tests), each under its check."""
    return [
        _bad_row(check, entry)
        for file in files or sorted((HERE / "rows").glob("*.yml"))
        for check, entries in yaml.safe_load(file.read_text("utf-8")).items()
        for entry in entries
    ]


def _bad_row(check: str, entry: dict[str, Any]) -> BadRow:
    return BadRow(
        name=f"{check}: {entry['row']}",
        red=frozenset({check}),
        do=tuple(part.strip() for part in entry["do"].split(";") if part.strip()),
        also=entry.get("also", {}),
        rebuild=tuple(entry.get("rebuild", ())),
        observed=entry.get("observed", ""),
    )


def with_also(rows: Iterable[BadRow], file: Path = HERE / "also_red.yml") -> list[BadRow]:
    """Return generated bad rows with the checks that see them besides.

    The file says it check by check: the tables, what is wrong with them, and why it is seen.
    Raises ValueError when it speaks of a bad row that is not generated.
    """
    said: dict[str, dict[str, str]] = {}
    for check, entries in yaml.safe_load(file.read_text("utf-8")).items():
        for entry in entries:
            for wrong in entry["sees"]:
                said.setdefault(f"{entry['table']}: {wrong}", {})[check] = entry["why"]
    rows = list(rows)
    unknown = said.keys() - {row.name for row in rows}
    if unknown:
        raise ValueError(f"{file.name} speaks of what is not generated: {sorted(unknown)}")
    return [replace(row, also=said.get(row.name, {})) for row in rows]


def told_rows(check: Check) -> list[str]:
    """Return the bad rows that a check names itself: "Red by X, or by Y." gives X and Y."""
    text = " ".join(line.strip().removeprefix("--").strip() for line in check.told.splitlines())
    found = re.search(r"\bRed by (.+?)\.(?:\s|$)", text)
    return [part.removeprefix("by ") for part in found[1].split(", or ")] if found else []
