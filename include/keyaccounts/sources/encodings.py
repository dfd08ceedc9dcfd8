"""How the text of a file is encoded: by its mark, by itself where it is sure, else as told."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from keyaccounts.errors import SourceRefusedError

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
CANDIDATES = ["cp1252", "gb18030", "big5", "cp932", "euc_kr", "cp1250", "cp1251"]
SINGLE = ("cp1250", "cp1251", "cp1252")
SAMPLE = 1 << 16
BLOCK = 1 << 20
BROKEN = "\U0010ffff"
"""Stands in a decoded text for bytes that are not of its encoding."""
MARGIN = 0.1
"""By so much the best reading must be cleaner than the next, on the library's scale to 1."""
DAMAGED = 0.05
"""Up to this share of lines that are no UTF-8 a file is UTF-8, and those lines are damaged."""


@dataclass(frozen=True)
class Encoding:
    """An encoding, and how sure we may be: by a mark, as told, or found."""

    name: str
    how: str


def encoding_of(file: Path, name: str, told: str | None) -> Encoding:
    """Return how a file is encoded; `name` is what messages call it.

    Raises SourceRefusedError when its bytes do not tell, or say otherwise than `told`.
    """
    with file.open("rb") as data:
        head = data.read(BLOCK)
    marked = next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)
    if marked and told and not _is_same(marked, told):
        raise SourceRefusedError(
            f"{name} has the byte-order mark of {marked}, encoding says {told}: remove encoding"
        )
    if marked:
        return Encoding(marked, "by its byte-order mark")
    if told:
        return Encoding(codecs.lookup(told).name, "as told")
    if wide := _wide(head):
        return Encoding(wide, "found")
    if _is_utf_8(file):
        return Encoding("utf-8", "found")
    return Encoding(_found(file, name), "found")


def _is_same(marked: str, told: str) -> bool:
    told = codecs.lookup(told).name
    return (
        told == marked
        or (told in {"utf-16", "utf-32"} and marked.startswith(told))
        or (told == "utf-8-sig" and marked == "utf-8")
    )


def mark_broken(error: UnicodeError) -> tuple[str, int]:
    """Put BROKEN in the place of bytes that are not of the encoding."""
    assert isinstance(error, UnicodeDecodeError)
    return BROKEN, error.end


codecs.register_error("keyaccounts_broken", mark_broken)


def _wide(head: bytes) -> str | None:
    """Return UTF-16 where every other byte of a text in Latin letters is zero."""
    half = len(head) // 2
    if half == 0:
        return None
    even, odd = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if odd > 0.4 * half and even < 0.01 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.01 * half else None


def _is_utf_8(file: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as data:
        while block := data.read(BLOCK):
            yield block


def _found(file: Path, name: str) -> str:
    """Return the encoding of a file that is no clean UTF-8."""
    good, bad, high, sample = _looked_through(file)
    share = good / (good + bad)
    if share >= 1 - DAMAGED:
        return "utf-8"
    results = from_bytes(
        sample, steps=20, chunk_size=1024, cp_isolation=CANDIDATES, threshold=1.0,
        enable_fallback=False,
    )  # fmt: skip
    readings = [(match.chaos, match.encoding, str(match)) for match in results]
    # Of one reading several encodings may be right; another byte of the file may tell them apart.
    for match in results:
        readings += [
            (match.chaos, other, str(match))
            for other in match.could_be_from_charset
            if other in SINGLE
            and other != match.encoding
            and not _agree(match.encoding, other, high)
        ]
    readings.sort(key=lambda reading: reading[0])
    if not readings:
        raise SourceRefusedError(f"{name}: its encoding cannot be told: set encoding")
    chaos, best, text = readings[0]
    rivals = [r for r in readings[1:] if r[0] < chaos + MARGIN and r[1] != best]
    if rivals:
        raise SourceRefusedError(
            f"{name}: its encoding cannot be told: it may be {called(best)} "
            f"({_first(text)!r}) or {called(rivals[0][1])} ({_first(rivals[0][2])!r}): set encoding"
        )
    if best == "cp1250" and _agree("cp1250", "cp1252", high):
        best = "cp1252"
    if share > (DAMAGED if best in SINGLE else 0.3):
        raise SourceRefusedError(
            f"{name}: {good} lines are utf-8 and {bad} are {called(best)}: set encoding, and "
            "the others are held back"
        )
    return best


def _looked_through(file: Path) -> tuple[int, int, set[int], bytes]:
    """Return how many lines beyond ASCII are UTF-8 and are not, their bytes, and some of them."""
    good, bad, high, seen, size = 0, 0, set[int](), dict[bytes, None](), 0
    with file.open("rb") as data:
        for line in data:
            if line.isascii():
                continue
            high.update(byte for byte in set(line) if byte > 127)
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
            if size < SAMPLE and line not in seen:
                seen[line] = None
                size += len(line)
    return good, bad, high, b"".join(seen)


def _agree(one: str, other: str, high: set[int]) -> bool:
    """Return whether two encodings of single bytes read all bytes of a file alike."""
    if one not in SINGLE or other not in SINGLE:
        return True
    data = bytes(sorted(high))
    return data.decode(one, "replace") == data.decode(other, "replace")


def called(encoding: str) -> str:
    """Return the name of an encoding that people know."""
    return encoding.replace("cp125", "windows-125")


def _first(text: str) -> str:
    """Return the first few letters around what is not ASCII."""
    at = next((n for n, letter in enumerate(text) if not letter.isascii()), 0)
    start = max(text.rfind(mark, 0, at) for mark in ",;\t|\n") + 1
    return text[start : start + 24].split("\n")[0]
