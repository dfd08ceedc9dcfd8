"""Files of any kind as one table of a load, in contract columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from keyaccounts.contract import Column, Entity
from keyaccounts.errors import SourceRefusedError
from keyaccounts.sources.delimited import MARKS, open_text
from keyaccounts.sources.encodings import called
from keyaccounts.sources.files import Incoming, Part, Place, Torn, quoted
from keyaccounts.sources.formats import DAYS, NUMBERS, Format, format_of
from keyaccounts.sources.mapping import FileSpec, Mapping
from keyaccounts.sources.seen import TYPED
from keyaccounts.sources.workbooks import Cell, as_text, is_typed, open_sheet

BATCH_ROWS = 20_000
READ = " read"
"""Ends the name of the column that holds a value as the contract writes it."""
WORKBOOKS = (".xlsx", ".xlsm")
NO_TEXT = (
    (b"PK\x03\x04", "a zip archive: unpack it"), (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"PAR1", "a Parquet file: name it .parquet"),
    (b"\xd0\xcf\x11\xe0", "a workbook of before 2007: save it as .xlsx or as CSV"),
    (b"<!doctype", "a web page: save it as CSV"), (b"<html", "a web page: save it as CSV"),
    (b"<?xml", "XML: save it as CSV"),
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One file that was read: a table expression with `_row`, and how its values are written."""

    name: str
    word: str
    scan: str
    columns: list[Column]
    unknown: list[str]
    last_row: int
    rows: int
    format: Format
    said: list[str]
    torn: list[Torn]
    notes: list[str]
    has_typed: bool = False
    is_typed: bool = False
    """Its columns have types of their own (Parquet)."""


@dataclass(frozen=True)
class Opened:
    """The view `incoming` over files, and what is to be said of each of them."""

    incoming: Incoming
    tables: list[Table]

    @property
    def notes(self) -> list[str]:
        """What was found in each file, and what is odd in it."""
        return [
            note
            for table in self.tables
            for note in (
                f"{table.name}: {', '.join([f'{table.rows} rows', *table.said])}",
                *table.notes,
                *([] if table.rows or table.torn else [f"{table.name} has a header and no row"]),
            )
        ]


def open_tables(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    mapping: Mapping,
    files: list[tuple[str, Path]],
    scratch: Path,
    share: float,
) -> Opened:
    """Create the view `incoming` over files, each given by its name and where it lies here.

    Up to `share` of the values may be written in another way than the rest. Raises
    SourceRefusedError with the name of the file that does not tell what it holds.
    """
    assert mapping.file is not None
    scratch.mkdir(parents=True, exist_ok=True)
    tables = [
        _table(con, entity, mapping, name, file, scratch / f"{number:05d}.parquet", share)
        for number, (name, file) in enumerate(files)
    ]
    kinds = {table.is_typed for table in tables}
    if len(kinds) > 1:
        raise SourceRefusedError(
            f"{mapping.file.pattern} matches Parquet and other files: name one kind"
        )
    read, parts, selects, torn, start = _readings(tables), [], [], list[Torn](), 0
    for table in tables:
        parts.append(Part(start, table.name, table.word))
        torn += [replace(line, row=line.row + start) for line in table.torn]
        listed = [quoted(column.name) for column in table.columns]
        for column in table.columns:
            if column.name in read:
                sql = table.format.reading(column, has_typed=table.has_typed)
                sql = sql or f"cast({quoted(column.name)} as varchar)"
                listed.append(f"{sql} as {quoted(column.name + READ)}")
        selects.append(f"select {', '.join(listed)}, _row + {start} as _row from {table.scan}")
        start += table.last_row
    con.execute(f"create or replace temp view incoming as {' union all by name '.join(selects)}")
    types = {
        name: kind
        for name, kind, *_ in con.execute("describe incoming").fetchall()
        if name != "_row" and not name.endswith(READ)
    }
    unknown = () if mapping.columns else (n for table in tables for n in table.unknown)
    types |= {name: "VARCHAR" for name in unknown if name not in types}
    label = files[0][0] if len(files) == 1 else f"{len(files)} files {mapping.file.pattern}"
    incoming = Incoming(
        Place(label, 0, tuple(parts)),
        types,
        is_text=False,
        torn=tuple(torn),
        readings={name: name + READ for name in read},
        words=_words(tables),
    )
    return Opened(incoming, tables)


def _readings(tables: list[Table]) -> set[str]:
    return {
        column.name
        for table in tables
        for column in table.columns
        if table.format.reading(column, has_typed=table.has_typed)
    }


def _words(tables: list[Table]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for table in tables:
        for column in table.columns:
            word = table.format.word(column, is_workbook=table.has_typed)
            if word and word not in found.setdefault(column.name, []):
                found[column.name].append(word)
    return {name: " or ".join(words) for name, words in found.items()}


def _table(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    mapping: Mapping,
    name: str,
    file: Path,
    target: Path,
    share: float,
) -> Table:
    assert mapping.file is not None
    expected = {mapping.columns.get(c.name, c.name): c for c in entity.columns}
    if file.suffix.lower() == ".parquet":
        return _parquet(con, mapping, name, file, expected, share)
    if file.suffix.lower() in WORKBOOKS:
        return _workbook(con, mapping, name, file, expected, target, share)
    return _text(con, mapping, name, file, expected, target, share)


def _text(
    con: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    name: str,
    file: Path,
    expected: dict[str, Column],
    target: Path,
    share: float,
) -> Table:
    spec = mapping.file or FileSpec()
    with file.open("rb") as data:
        head = data.read(64).lstrip(b"\xef\xbb\xbf \r\n").lower()
    for mark, what in NO_TEXT:
        if head.startswith(mark.lower()):
            raise SourceRefusedError(f"{name} is {what}")
    opened = open_text(file, name, spec, set(expected))
    with opened.stream:
        taken = _taken(mapping, name, opened.header, expected)
        names = [column.name for _, column in taken]
        places = [position for position, _ in taken]
        rows = ((number, [values[p] for p in places]) for number, values in opened.records())
        count, last = _write(target, names, rows)
    columns = [column for _, column in taken]
    scan = f"read_parquet('{target}')"
    found = format_of(con, scan, columns, f"{name} line", spec, share)
    how = opened.encoding
    said = [
        called(how.name) + ("" if how.how == "found" else f" {how.how}"),
        f"delimiter {MARKS.get(opened.delimiter, opened.delimiter)}"
        + (" as told" if spec.delimiter else ""),
        *found.said(spec),
    ]
    unknown = _unknown(opened.header, expected)
    last = max([last, *(torn.row for torn in opened.torn)])
    return Table(
        name, "line", scan, columns, unknown, last, count, found, said, opened.torn, opened.notes
    )


def _workbook(
    con: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    name: str,
    file: Path,
    expected: dict[str, Column],
    target: Path,
    share: float,
) -> Table:
    spec = mapping.file or FileSpec()
    opened = open_sheet(file, name, spec, set(expected))
    taken = _taken(mapping, opened.name, opened.header, expected)
    names = [column.name for _, column in taken]
    typed = [column.name + TYPED for _, column in taken if column.type in (*NUMBERS, *DAYS)]
    rows = ((number, _cells(row, taken)) for number, row in opened.records())
    count, last = _write(target, [*names, *typed], rows)
    columns = [column for _, column in taken]
    scan = f"read_parquet('{target}')"
    found = format_of(con, scan, columns, f"{opened.name} row", spec, share, has_typed=True)
    last = max([last, *(torn.row for torn in opened.torn)])
    return Table(
        opened.name, "row", scan, columns, _unknown(opened.header, expected), last, count, found,
        found.said(spec), opened.torn, opened.notes, has_typed=True,
    )  # fmt: skip


def _cells(row: list[Cell], taken: list[tuple[int, Column]]) -> list[str | None]:
    """Return the texts of a row, then what Excel itself holds as a number or a day."""
    texts: list[str | None] = [as_text(row[position]) for position, _ in taken]
    typed = [
        as_text(row[position]) if is_typed(row[position], column.type in DAYS) else None
        for position, column in taken
        if column.type in (*NUMBERS, *DAYS)
    ]
    return texts + typed


def _parquet(
    con: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    name: str,
    file: Path,
    expected: dict[str, Column],
    share: float,
) -> Table:
    spec = mapping.file or FileSpec()
    source = f"read_parquet('{str(file).replace(chr(39), chr(39) * 2)}', file_row_number = true)"
    try:
        rows = pq.read_metadata(file).num_rows
    except (pa.ArrowException, OSError) as error:
        raise SourceRefusedError(f"{name} is no whole Parquet file: it may be cut off") from error
    try:
        described = con.execute(f"describe select * from {source}").fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SourceRefusedError(f"{name} cannot be read as Parquet: {reason}") from error
    types = {row[0]: row[1] for row in described if row[0] != "file_row_number"}
    taken = _taken(mapping, name, list(types), expected)
    listed = ", ".join(
        f"{_in_utc(quoted(name), types[name], spec)} as {quoted(column.name)}"
        for name, column in ((list(types)[position], column) for position, column in taken)
    )
    scan = f"(select {listed}, file_row_number + 1 as _row from {source})"
    texts = [column for position, column in taken if list(types.values())[position] == "VARCHAR"]
    found = format_of(con, scan, texts, f"{name} row", spec, share)
    return Table(
        name, "row", scan, [column for _, column in taken], _unknown(list(types), expected), rows,
        rows, found, found.said(spec), [], [], is_typed=True,
    )  # fmt: skip


def _in_utc(column: str, kind: str, spec: FileSpec) -> str:
    """Return SQL for a column of a Parquet file, a time without offset in UTC."""
    is_local = spec.zone is not None and kind in {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS"}
    return f"timezone('UTC', timezone('{spec.zone}', {column}::timestamp))" if is_local else column


def _taken(
    mapping: Mapping, name: str, header: list[str], expected: dict[str, Column]
) -> list[tuple[int, Column]]:
    """Return the columns that are read, each with its place; refuse a header that lacks one."""
    twice = [there for there in expected if header.count(there) > 1]
    if twice:
        raise SourceRefusedError(f"{name}: {', '.join(twice)} stands twice in the header")
    missing = [
        column.name if there == column.name else f"{column.name} ({there})"
        for there, column in expected.items()
        if column.is_required and there not in header
    ]
    if missing:
        raise SourceRefusedError(
            f"{name}: required column {', '.join(missing)} is missing; the file has "
            f"{', '.join(filter(None, header))}"
        )
    return [(header.index(there), c) for there, c in expected.items() if there in header]


def _unknown(header: list[str], expected: dict[str, Column]) -> list[str]:
    return [name for name in header if name and name not in expected]


def _write(
    target: Path, names: list[str], rows: Iterable[tuple[int, list[Any]]]
) -> tuple[int, int]:
    """Write rows of texts with their numbers; return how many they are, and the last number."""
    schema = pa.schema([*((name, pa.string()) for name in names), ("_row", pa.int64())])
    count = last = 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in _batches(rows):
            values = zip(*(values for _, values in batch), strict=True)
            arrays = [pa.array(column, pa.string()) for column in values]
            numbers = [number for number, _ in batch]
            writer.write_batch(pa.record_batch([*arrays, pa.array(numbers)], schema=schema))
            count, last = count + len(batch), numbers[-1]
    return count, last


def _batches(rows: Iterable[tuple[int, list[Any]]]) -> Iterator[list[tuple[int, list[Any]]]]:
    stream = iter(rows)
    while batch := list(islice(stream, BATCH_ROWS)):
        yield batch
