"""A folder of contract files: `<entity>.csv` or `<entity>.parquet`, header = contract columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from keyaccounts.contract import load_contract
from keyaccounts.errors import SourceRefusedError

REJECTS = "incoming_rejects"
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Incoming:
    """What one entity's file holds, as the DuckDB view `incoming`.

    `types` gives the DuckDB type of each column of the file; the view has them and `_row`, the
    number of the record from 1. `first_line` is the line of record 1 in a text file, or None where
    a file has no lines.
    """

    label: str
    types: dict[str, str]
    first_line: int | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the file, in order."""
        return tuple(self.types)

    def place(self, row: int) -> str:
        """Return where record `row` stands, as a person would look it up."""
        if self.first_line is None:
            return f"{self.label} row {row}"
        return f"{self.label} line {row + self.first_line - 1}"


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


def open_file(con: duckdb.DuckDBPyConnection, folder: Path, entity: str) -> Incoming:
    """Create the view `incoming` over the entity's file and say what it holds.

    Lines of a CSV file that cannot be taken apart go to the table `incoming_rejects`.
    Raises SourceRefusedError when the file is missing or cannot be read at all.
    """
    parquet, csv = folder / f"{entity}.parquet", folder / f"{entity}.csv"
    try:
        if parquet.is_file():
            return _open_parquet(con, parquet)
        if csv.is_file():
            return _open_csv(con, csv)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        name = parquet.name if parquet.is_file() else csv.name
        raise SourceRefusedError(f"{name} cannot be read: {reason}") from error
    raise SourceRefusedError(f"{entity}: no {csv.name} or {parquet.name} in the source folder")


def _open_parquet(con: duckdb.DuckDBPyConnection, file: Path) -> Incoming:
    con.execute(
        "create or replace temp view incoming as select * exclude (file_row_number), "
        f"file_row_number + 1 as _row from read_parquet({_literal(file)}, file_row_number = true)"
    )
    return Incoming(file.name, _types(con), None)


def _open_csv(con: duckdb.DuckDBPyConnection, file: Path) -> Incoming:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        header = text.readline()
    if not header.strip():
        raise SourceRefusedError(f"{file.name} is empty: not even a header")
    delimiter = max(DELIMITERS, key=header.count)
    con.execute(
        f"""
        create or replace temp view incoming as
        select *, row_number() over () as _row
        from read_csv(
            {_literal(file)}, all_varchar = true, header = true, delim = '{delimiter}',
            quote = '"', escape = '"', nullstr = '', auto_detect = true, sample_size = 1,
            ignore_errors = true, store_rejects = true, rejects_table = '{REJECTS}',
            rejects_scan = '{REJECTS}_scan', rejects_limit = 0
        )
        """
    )
    return Incoming(file.name, _types(con), 2)


def _types(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = con.execute("describe incoming").fetchall()
    return {row[0]: row[1] for row in rows if row[0] != "_row"}


def _literal(file: Path) -> str:
    return "'" + str(file).replace("'", "''") + "'"
