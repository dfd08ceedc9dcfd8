"""A folder of contract files: `<entity>.csv` or `<entity>.parquet`, header = contract columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import load_contract
from keyaccounts.errors import SourceRefusedError

REJECTS = "incoming_rejects"
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Part:
    """One file of a load: its rows are those after `start`, as `word` (row or line) counts them."""

    start: int
    label: str
    word: str


@dataclass(frozen=True)
class Place:
    """How a person finds a record of a file: spreadsheets count the header as row 1.

    With `parts` a record has the number of its row in its file, counted on from file to file.
    """

    label: str
    header_rows: int
    parts: tuple[Part, ...] = ()

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> Place:
        """Return the place that a manifest speaks of."""
        parts = tuple(Part(*part) for part in manifest.get("parts", ()))
        return cls(manifest["source"], manifest["header_rows"], parts)

    def row(self, record: int) -> str:
        """Return where record `record` (from 1) stands."""
        found = [part for part in self.parts if part.start < record]
        if found:
            return f"{found[-1].label} {found[-1].word} {record - found[-1].start}"
        return f"{self.label} row {record + self.header_rows}"


@dataclass(frozen=True)
class Torn:
    """A line that could not be taken apart: its number in the file, what it says, and why."""

    row: int
    text: str
    why: str


@dataclass(frozen=True)
class Incoming:
    """What one entity's file holds, as the DuckDB view `incoming`.

    `types` gives the DuckDB type of each column of the file; the view has them and `_row`, the
    number of the record from 1. `is_text` says that lines may be torn, `is_keyed` that a row is
    found by its key and not by its number. `readings` names, for a column that is not written as
    the contract has it, the column of the view that has it so, and `words` how it is written.
    """

    place: Place
    types: dict[str, str]
    is_text: bool
    is_keyed: bool = False
    torn: tuple[Torn, ...] = ()
    """Numbered as the rows of the view."""
    readings: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name of the file."""
        return self.place.label

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the file, in order."""
        return tuple(self.types)


def delivered_entities(folder: Path) -> list[str]:
    """Return the contract entities that `folder` has a file for, in contract order.

    Raises SourceRefusedError when a required entity has no file or an entity has two.
    """
    names = {file.name for file in folder.iterdir() if file.is_file()}
    found = [entity for entity in load_contract() if {f"{entity}.csv", f"{entity}.parquet"} & names]
    twice = [e for e in found if {f"{e}.csv", f"{e}.parquet"} <= names]
    if twice:
        raise SourceRefusedError(
            f"{twice[0]} is there as .csv and as .parquet; keep one of the two"
        )
    return found


def stray_files(folder: Path) -> list[tuple[str, str | None]]:
    """Return data files that are no entity, each with the entity of the nearest name, if any."""
    contract = load_contract()
    return [
        (file.name, next(iter(get_close_matches(file.stem, contract, 1)), None))
        for file in sorted(folder.iterdir())
        if file.suffix in {".csv", ".parquet"} and file.stem not in contract
    ]


def open_file(con: duckdb.DuckDBPyConnection, folder: Path, entity: str) -> Incoming:
    """Create the view `incoming` over the entity's file and say what it holds.

    Lines of a CSV file that cannot be taken apart go to the table `incoming_rejects`.
    Raises SourceRefusedError when the file is missing or cannot be read at all.
    """
    parquet, text = folder / f"{entity}.parquet", folder / f"{entity}.csv"
    try:
        if parquet.is_file():
            return _open_parquet(con, parquet)
        if text.is_file():
            return _open_csv(con, text, entity)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        name = parquet.name if parquet.is_file() else text.name
        raise SourceRefusedError(f"{name} cannot be read: {reason}") from error
    raise SourceRefusedError(f"{entity}: no {text.name} or {parquet.name} in the source folder")


def _open_parquet(con: duckdb.DuckDBPyConnection, file: Path) -> Incoming:
    scan = f"read_parquet({_literal(file)}, file_row_number = true)"
    _create_view(con, scan, "file_row_number + 1", "file_row_number")
    return Incoming(Place(file.name, 0), types_of(con), is_text=False)


def _open_csv(con: duckdb.DuckDBPyConnection, file: Path, entity: str) -> Incoming:
    names, delimiter = _header(file, entity)
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
    scan = f"""
        read_csv(
            {_literal(file)}, columns = {{{columns}}}, auto_detect = false, header = true,
            delim = '{delimiter}', quote = '"', escape = '"', nullstr = '',
            ignore_errors = true, store_rejects = true, rejects_table = '{REJECTS}',
            rejects_scan = '{REJECTS}_scan', rejects_limit = 0
        )
    """
    _create_view(con, scan, "row_number() over ()")
    return Incoming(Place(file.name, 1), types_of(con), is_text=True)


def _create_view(
    con: duckdb.DuckDBPyConnection, scan: str, number: str, internal: str | None = None
) -> None:
    """Create the view `incoming`; a column of the file that is called like ours gives way."""
    names = [row[0] for row in con.execute(f"describe select * from {scan}").fetchall()]
    kept = [n for n in names if n.lower() not in {"_row", internal}]
    listed = ", ".join(map(quoted, kept))
    con.execute(
        f"create or replace temp view incoming as select {listed}, {number} as _row from {scan}"
    )


def _header(file: Path, entity: str) -> tuple[list[str], str]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        line = text.readline()
    if not line.strip():
        raise SourceRefusedError(f"{file.name} is empty: not even a header")
    delimiter = max(DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter))
    twice = [c.name for c in load_contract()[entity].columns if names.count(c.name) > 1]
    if twice:
        raise SourceRefusedError(f"{file.name}: {', '.join(twice)} stands twice in the header")
    numbered = [
        name if name and names.count(name) == 1 else f"{name or 'column'} ({position})"
        for position, name in enumerate(names, 1)
    ]
    return numbered, delimiter


def types_of(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the DuckDB types of the columns of the view `incoming`."""
    rows = con.execute("describe incoming").fetchall()
    return {row[0]: row[1] for row in rows if row[0] != "_row"}


def quoted(name: str) -> str:
    """Return an identifier that may hold any character."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _literal(file: Path) -> str:
    return _text(str(file))
