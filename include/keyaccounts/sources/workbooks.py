"""Excel workbooks: one sheet as rows, numbers and days of Excel told apart from texts.

A number of Excel has 15 digits, as Excel shows and stores it. A cell with an error, and a formula
that no program has calculated yet, have no value: the rows are held back.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError
from python_calamine import SheetVisibleEnum as Visible

from keyaccounts.errors import SourceRefusedError
from keyaccounts.sources.delimited import SOUGHT_ROWS
from keyaccounts.sources.files import Torn
from keyaccounts.sources.mapping import FileSpec

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
Cell = str | float | int | bool | date | datetime | time | timedelta


@dataclass
class Sheet:
    """An open sheet: its header, and its rows; see `open_sheet`."""

    name: str
    header: list[str]
    first_row: int
    rows: Iterator[list[Cell]]
    void: dict[int, str]
    """Rows with a cell that has no value, each with what that cell is."""
    torn: list[Torn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def records(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield each row with its number; what is no record goes to `torn`."""
        for number, row in enumerate(self.rows, self.first_row):
            if number in self.void:
                self._tear(number, row, self.void[number])
            elif any(value != "" for value in row):
                if [as_text(value).strip() for value in row] == self.header:
                    self._tear(number, row, "the header stands here once more")
                else:
                    yield number, row

    def _tear(self, number: int, row: list[Cell], why: str) -> None:
        text = " | ".join(as_text(value) for value in row)
        self.torn.append(Torn(number, text, why))


def open_sheet(file: Path, name: str, spec: FileSpec, expected: set[str]) -> Sheet:
    """Open the sheet of a workbook that `spec` names, or its only one to be seen.

    Raises SourceRefusedError when it is no workbook, protected, or does not tell which sheet.
    """
    refuse_no_workbook(file, name)
    try:
        book = CalamineWorkbook.from_path(str(file))
        title = _title(book, name, spec)
        sheet = book.get_sheet_by_name(title)
    except PasswordError as error:
        raise SourceRefusedError(f"{name} is protected by a password: save it without") from error
    except (CalamineError, OSError) as error:
        raise SourceRefusedError(
            f"{name} cannot be read as a workbook: {error}; it may be cut off. Save it again"
        ) from error
    called = f"{name} sheet {title}"
    rows = iter(sheet.iter_rows()) if sheet.height else iter(())
    top: list[list[Cell]] = list(islice(rows, spec.header_row))
    if len(top) < spec.header_row or not any(value != "" for row in top for value in row):
        raise SourceRefusedError(f"{called} is empty: not even a header")
    header = [as_text(value).strip() for value in top[-1]]
    if not expected & set(header):
        raise SourceRefusedError(
            f"{called}: row {spec.header_row} holds none of the columns of the entity, so it is no "
            f"header: {', '.join(filter(None, header))[:120]}{_merged(sheet)}"
            + _elsewhere(rows, spec, expected)
        )
    void = _void_rows(file, title, spec.header_row)
    return Sheet(called, header, spec.header_row + 1, rows, void)


def refuse_no_workbook(file: Path, name: str) -> None:
    """Say what a file is that is no workbook of today."""
    with file.open("rb") as data:
        head = data.read(1 << 20)
    if not head:
        raise SourceRefusedError(f"{name} is empty: not even a header")
    if head.startswith(OLD):
        if "EncryptedPackage".encode("utf-16-le") in file.read_bytes():
            raise SourceRefusedError(f"{name} is protected by a password: save it without")
        raise SourceRefusedError(f"{name} is a workbook of before 2007 (.xls): save it as .xlsx")
    if not head.startswith(b"PK"):
        what = "a web page" if head.lstrip()[:1] == b"<" else "text"
        raise SourceRefusedError(
            f"{name} is {what}, no workbook: save it as .xlsx, or name it .csv"
        )


def _title(book: CalamineWorkbook, name: str, spec: FileSpec) -> str:
    if spec.sheet is not None:
        if spec.sheet in book.sheet_names:
            return spec.sheet
        raise SourceRefusedError(
            f"{name} has no sheet {spec.sheet}; it has {', '.join(book.sheet_names)}: set sheet"
        )
    seen = [sheet.name for sheet in book.sheets_metadata if sheet.visible == Visible.Visible]
    if not seen:
        raise SourceRefusedError(
            f"{name} has hidden sheets alone ({', '.join(book.sheet_names)}): set sheet"
        )
    if len(seen) > 1:
        raise SourceRefusedError(
            f"{name} has {len(seen)} sheets to be seen ({', '.join(seen)}): set sheet"
        )
    return str(seen[0])


def _merged(sheet: CalamineSheet) -> str:
    return "; cells of the sheet are merged" if sheet.merged_cell_ranges else ""


def _elsewhere(rows: Iterator[list[Any]], spec: FileSpec, expected: set[str]) -> str:
    for number, row in enumerate(rows, spec.header_row + 1):
        if number > SOUGHT_ROWS:
            break
        if len(expected & {as_text(value).strip() for value in row}) > 1:
            return f"; row {number} looks like it: set header_row: {number}"
    return "; give the sheet a header, or say under columns what its headers are called"


def _void_rows(file: Path, title: str, header_row: int) -> dict[int, str]:
    """Return the rows that hold an error, or a formula without a value: both would look empty."""
    found: dict[int, str] = {}
    with zipfile.ZipFile(file) as archive:
        path = _path_of(archive, title)
        if not _has_calculated(archive, path):
            return found
        with archive.open(path) as stream:
            for _, cell in ElementTree.iterparse(stream):
                if cell.tag != f"{SPACE}c":
                    if cell.tag == f"{SPACE}row":
                        cell.clear()
                    continue
                place = cell.get("r", "")
                row = int("0" + "".join(filter(str.isdigit, place)))
                value = cell.findtext(f"{SPACE}v")
                if row <= header_row or row in found:
                    continue
                if cell.get("t") == "e":
                    found[row] = f"the cell {place} holds the error {value}"
                elif cell.find(f"{SPACE}f") is not None and value is None:
                    found[row] = (
                        f"the cell {place} holds a formula that was never calculated: open the "
                        "file in Excel and save it"
                    )
    return found


def _has_calculated(archive: zipfile.ZipFile, path: str) -> bool:
    """Return whether a sheet holds formulas or errors at all: to look at each cell takes long."""
    tail = b""
    with archive.open(path) as stream:
        while block := stream.read(1 << 20):
            text = tail + block
            if b"<f" in text or b't="e"' in text:
                return True
            tail = text[-8:]
    return False


def _path_of(archive: zipfile.ZipFile, title: str) -> str:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    wanted = next(s.get(f"{LINKS}id") for s in book.iter(f"{SPACE}sheet") if s.get("name") == title)
    target = next(str(link.get("Target")) for link in links if link.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def is_typed(value: Cell, is_day: bool) -> bool:
    """Return whether Excel holds a value as a day, or else as a number, and not as a text."""
    if is_day:
        return isinstance(value, date)
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Cell) -> str:
    """Return a cell as a contract file would say it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return str(value)
