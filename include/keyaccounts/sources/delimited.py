"""Text files as companies have them: one record after the other, what is torn set apart.

A line that cannot be taken apart costs itself and no other: quotes that are never closed do not
swallow the lines behind them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from keyaccounts.errors import SourceRefusedError
from keyaccounts.sources.encodings import BROKEN, Encoding, encoding_of
from keyaccounts.sources.files import DELIMITERS, Torn
from keyaccounts.sources.mapping import FileSpec

MOST_LINES = 500
"""Of one record: a quote that stays open for longer is torn."""
MARKS = {"\t": "tab", " ": "blank"}
SOUGHT_ROWS = 20
"""So far down a header is looked for, to say where it stands."""


@dataclass
class TextFile:
    """An open text file: what its header says, and its records; see `open_text`."""

    name: str
    encoding: Encoding
    delimiter: str
    header: list[str]
    lines: Iterator[str]
    first_line: int
    stream: io.TextIOWrapper
    torn: list[Torn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line where it starts; what is torn goes to `torn`."""
        width, head = len(self.header), self.header
        reader = _Lines(self.lines, self.first_line)
        for number, line in reader:
            if not line.strip():
                continue
            if BROKEN in line or "\0" in line:
                why = "NUL bytes" if "\0" in line else f"bytes that are not {self.encoding.name}"
                self._tear(number, line, f"the line holds {why}")
                continue
            if '"' in line:
                fields, why = self._quoted(line, reader)
                if fields is None:
                    self._refuse_cut(line, why)
                    self._tear(number, line, why)
                    continue
            else:
                fields = line.rstrip("\n").split(self.delimiter)
            if not fields[0].strip() and not any(value.strip() for value in fields):
                continue
            if len(fields) > width and not any(fields[width:]):
                fields = fields[:width]
            if len(fields) != width:
                more = "; a delimiter inside a value needs quotes" if len(fields) > width else ""
                why = f"the row has {len(fields)} values, the header {width}{more}"
                if len(fields) < width:
                    self._refuse_cut(line, why)
                self._tear(number, line, why)
                continue
            if fields[0].strip() == head[0] and [value.strip() for value in fields] == head:
                self._tear(number, line, "the header stands here once more")
                continue
            yield number, fields
        ends = self.stream.newlines
        if isinstance(ends, tuple):
            self.notes.append(f"{self.name}: its lines end in {len(ends)} ways; all are read")

    def _quoted(self, line: str, reader: _Lines) -> tuple[list[str] | None, str]:
        """Take a line with quotes apart, with the lines that its quotes hold."""
        text, ahead = line, 0
        while True:
            try:
                fields = next(csv.reader([text], delimiter=self.delimiter, strict=True))
            except csv.Error as error:
                if "unexpected end" not in str(error):
                    return None, f"quotes are torn: {error}"
            else:
                if len(fields) != len(self.header) and ahead:
                    return None, "quotes are torn: they are closed in another row"
                reader.take(ahead)
                return fields, ""
            following = reader.peek(ahead)
            while following is not None and '"' not in following and ahead < MOST_LINES:
                text, ahead = text + following, ahead + 1
                following = reader.peek(ahead)
            if following is None or ahead >= MOST_LINES:
                return None, "quotes are torn: they are never closed"
            text, ahead = text + following, ahead + 1

    def _tear(self, number: int, line: str, why: str) -> None:
        text = line.rstrip("\n").replace(BROKEN, "\ufffd").replace("\0", "\ufffd")
        self.torn.append(Torn(number, text, why))

    def _refuse_cut(self, line: str, why: str) -> None:
        """A last line without an end that lacks something is no matter of one row."""
        if not line.endswith("\n"):
            raise SourceRefusedError(
                f"{self.name} ends in the middle of a row, so it may be cut off: {why}. Deliver "
                "it again in full"
            )


class _Lines:
    """Lines with their numbers, and a look at those ahead."""

    def __init__(self, lines: Iterator[str], first: int) -> None:
        self._lines, self._ahead, self._number = lines, list[str](), first - 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> tuple[int, str]:
        self._number += 1
        return self._number, self._ahead.pop(0) if self._ahead else next(self._lines)

    def peek(self, ahead: int) -> str | None:
        """Return a line ahead, counted from 0; None at the end."""
        while len(self._ahead) <= ahead:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[ahead]

    def take(self, count: int) -> None:
        """Pass over lines ahead."""
        del self._ahead[:count]
        self._number += count


def open_text(file: Path, name: str, spec: FileSpec, expected: set[str]) -> TextFile:
    """Open a text file; `expected` are the names that its header may hold.

    Raises SourceRefusedError when it is no text, empty, or its encoding, delimiter or header do
    not tell what it holds.
    """
    encoding = encoding_of(file, name, spec.encoding)
    stream = io.TextIOWrapper(
        file.open("rb"), encoding.name, errors="keyaccounts_broken", newline=None
    )
    try:
        lines = iter(stream)
        head = list(islice(lines, spec.header_row))
        marks = len(head[0]) - len(head[0].lstrip("\ufeff")) if head else 0
        if head:
            head[0] = head[0].lstrip("\ufeff")
        if not any(line.strip() for line in head):
            raise SourceRefusedError(f"{name} is empty: not even a header")
        if len(head) < spec.header_row:
            raise SourceRefusedError(
                f"{name} has {len(head)} rows, header_row says {spec.header_row}"
            )
        delimiter = spec.delimiter or _delimiter(head[-1], name, expected)
        header = [value.strip() for value in _values(head[-1], delimiter)]
        if not expected & set(header):
            raise SourceRefusedError(
                f"{name}: row {spec.header_row} holds none of the columns of the entity, so it is "
                f"no header: {', '.join(header)[:120]}"
                + _elsewhere(head[-1], lines, spec, expected)
            )
    except BaseException:
        stream.close()
        raise
    found = TextFile(name, encoding, delimiter, header, lines, spec.header_row + 1, stream)
    if marks > 1:
        found.notes.append(f"{name} has {marks} byte-order marks; they are left out")
    return found


def _values(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line.rstrip("\n")], delimiter=delimiter), [])


def _delimiter(line: str, name: str, expected: set[str]) -> str:
    """Return what stands between the columns: it must give names that are known."""
    found = {}
    for delimiter in DELIMITERS:
        names = [value.strip() for value in _values(line, delimiter)]
        found[delimiter] = (len(expected & set(names)), len(names))
    most = max(known for known, _ in found.values())
    best = [delimiter for delimiter in DELIMITERS if found[delimiter][0] == most]
    # One column alone has nothing between; of no known column the message tells more.
    if len(best) == 1 or most == 0 or all(found[delimiter][1] == 1 for delimiter in best):
        return max(best, key=lambda delimiter: found[delimiter][1])
    raise SourceRefusedError(
        f"{name}: what stands between its columns cannot be told ({line.strip()[:80]}): set "
        "delimiter"
    )


def _elsewhere(head: str, lines: Iterator[str], spec: FileSpec, expected: set[str]) -> str:
    """Say what would make a header of a row, if there is something."""
    for delimiter in DELIMITERS:
        if expected & {value.strip() for value in _values(head, delimiter)}:
            return f"; it is one with delimiter {MARKS.get(delimiter, delimiter)}"
    for number, line in enumerate(lines, spec.header_row + 1):
        if number > SOUGHT_ROWS:
            break
        names = (
            {value.strip() for value in line.strip("\n").split(delimiter)}
            for delimiter in ((spec.delimiter,) if spec.delimiter else DELIMITERS)
        )
        if any(len(expected & found) > 1 for found in names):
            return f"; row {number} looks like it: set header_row: {number}"
    return "; give the file a header, or say under columns what its headers are called"
