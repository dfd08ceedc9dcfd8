"""Write small Excel workbooks, cell by cell, with what no careful program would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAY_STYLE = 1


@dataclass(frozen=True)
class Raw:
    """A cell as its XML says it, without its place."""

    kind: str
    inner: str


def day(number: float) -> Raw:
    """Return a day, as Excel counts and shows it."""
    return Raw(f' s="{DAY_STYLE}"', f"<v>{number}</v>")


def formula(text: str, value: object = None) -> Raw:
    """Return a formula with the value that was calculated, if it was."""
    return Raw("", f"<f>{text}</f>" + ("" if value is None else f"<v>{value}</v>"))


def error(text: str) -> Raw:
    """Return a cell that holds an error."""
    return Raw(' t="e"', f"<v>{text}</v>")


Rows = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Sheet:
    """One sheet; `merged` names ranges such as A1:C1."""

    name: str
    rows: Rows
    is_hidden: bool = False
    merged: tuple[str, ...] = ()


def workbook(*sheets: Sheet) -> bytes:
    """Return a workbook as the bytes of its file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as book:
        numbers = range(1, len(sheets) + 1)
        kinds = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
        kinds += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            + "".join(
                f'<Override PartName="{part}" ContentType="{OFFICE}.{kind}+xml"/>'
                for part, kind in kinds
            )
            + "</Types>",
        )
        book.writestr("_rels/.rels", _links([("rId1", "officeDocument", "xl/workbook.xml")]))
        listed = "".join(
            f'<sheet name="{escape(sheet.name)}" sheetId="{n}" r:id="rId{n}"'
            + (' state="hidden"' if sheet.is_hidden else "")
            + "/>"
            for n, sheet in zip(numbers, sheets, strict=True)
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINK}"><sheets>{listed}</sheets></workbook>',
        )
        links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
        links.append(("rId99", "styles", "styles.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", _links(links))
        book.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
            '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        )
        for n, sheet in zip(numbers, sheets, strict=True):
            book.writestr(f"xl/worksheets/sheet{n}.xml", _sheet(sheet))
    return data.getvalue()


def _links(links: list[tuple[str, str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="{name}" Type="{LINK}/{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def _sheet(sheet: Sheet) -> str:
    rows = "".join(
        f'<row r="{r}">{"".join(_cell(r, c, value) for c, value in enumerate(row))}</row>'
        for r, row in enumerate(sheet.rows, 1)
    )
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in sheet.merged)
    merged = f"<mergeCells>{merged}</mergeCells>" if merged else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{merged}</worksheet>'


def _cell(row: int, column: int, value: object) -> str:
    place = f'r="{chr(65 + column)}{row}"'
    if value is None:
        return ""
    if isinstance(value, Raw):
        return f"<c {place}{value.kind}>{value.inner}</c>"
    if isinstance(value, int | float):
        return f"<c {place}><v>{value!r}</v></c>"
    return f'<c {place} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
