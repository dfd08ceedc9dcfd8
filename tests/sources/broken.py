"""Files of invoices as companies deliver them when something is wrong, each with what is told.

Every file holds sixty good rows, unless it cannot: few enough bad ones among them are held back.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.sources.workbook import Sheet, day, error, formula, workbook

HEADER = ["invoice_id", "account_id", "document_type", "invoice_date", "gross_amount", "order_id"]
GOOD = 60
BIG = 10**30


@dataclass(frozen=True)
class Broken:
    """One file: its name, its bytes, and what `sources.yml` says of it beside the name."""

    name: str
    content: bytes
    keys: dict[str, Any] = field(default_factory=dict)


def rows(count: int = GOOD, **changed: Callable[[int], object]) -> list[list[object]]:
    """Return good rows; `changed` gives the values of a column by the number of the row."""
    found: list[list[object]] = []
    for n in range(1, count + 1):
        day_of_month = n % 28 + 1
        values: dict[str, object] = {
            "invoice_id": f"I{n:03d}",
            "account_id": "A",
            "document_type": "invoice",
            "invoice_date": f"2026-03-{day_of_month:02d}",
            "gross_amount": f"{n * 1000}.50",
            "order_id": f"O{n}",
        }
        values |= {name: made(n) for name, made in changed.items()}
        found.append([values[name] for name in HEADER])
    return found


def text(
    table: list[list[object]],
    delimiter: str = ",",
    header: list[str] | None = None,
    end: str = "\n",
) -> str:
    """Return rows below their header as text."""
    lines = [header if header is not None else HEADER, *table]
    return "".join(delimiter.join(map(str, line)) + end for line in lines if line)


def csv(content: str, written: str = "utf-8", **keys: Any) -> Broken:
    """Return a CSV file."""
    return Broken("invoices.csv", content.encode(written), keys)


def excel(*sheets: Sheet, **keys: Any) -> Broken:
    """Return a workbook."""
    return Broken("invoices.xlsx", workbook(*sheets), keys)


def sheet(table: list[list[object]], name: str = "March", top: int = 0, **more: Any) -> Sheet:
    """Return a sheet with rows of a title above the header."""
    return Sheet(name, [*([["Invoices of March"]] * top), HEADER, *table], **more)


def with_line(number: int, line: str, content: str | None = None) -> str:
    """Return the text with a line put in, so that it has this number."""
    lines = (content or text(rows())).splitlines(keepends=True)
    return "".join([*lines[: number - 1], line, *lines[number - 1 :]])


def typed(**changed: Callable[[int], object]) -> list[list[object]]:
    """Return rows with the numbers and days of Excel."""
    return rows(
        **(
            {"gross_amount": lambda n: n * 1000.5, "invoice_date": lambda n: day(46082 + n)}
            | changed
        )
    )


def parquet(amount: Callable[[int], object], kind: pa.DataType) -> bytes:
    """Return a Parquet file whose amounts are of a type."""
    columns = [list(column) for column in zip(*rows(gross_amount=amount), strict=True)]
    arrays = [
        pa.array(values, kind if name == "gross_amount" else pa.string())
        for name, values in zip(HEADER, columns, strict=True)
    ]
    data = io.BytesIO()
    pq.write_table(pa.table(arrays, names=HEADER), data)
    return data.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    """Return a zip archive of one file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, content)
    return data.getvalue()


def old_office(stream: str) -> bytes:
    """Return the start of a file of Office before 2007 that holds a stream of a name."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + stream.encode("utf-16-le") + b"\0" * 600
    )


def german(n: int) -> object:
    """Return a German date."""
    return f"{n % 28 + 1:02d}.03.2026"


def point(n: int) -> str:
    """Return an amount with groups of thousands."""
    return f"{n * 1000:,}.50"


def comma(n: int) -> str:
    """Return an amount with a decimal comma."""
    return point(n).translate(str.maketrans(",.", ".,"))


PLAIN = text(rows())
SEMICOLON = text(rows(gross_amount=comma), ";")
UTF_8 = text(rows(order_id=lambda n: f"Größe {n}")).encode()
BROKEN: dict[str, Broken] = {
    "cut off within a row": csv(PLAIN[:-20]),
    "cut off within quotes": csv(PLAIN + 'I061,A,invoice,2026-03-01,1.50,"O6'),
    "empty": csv(""),
    "only a header": csv(text([])),
    "header missing": csv(text(rows(), header=[])),
    "header below a title": csv("Invoices of March\n\n" + PLAIN),
    "a header once more": csv(PLAIN + text(rows(1, invoice_id=lambda _: "I999"))),
    "a column twice in the header": csv(
        text(rows(), header=[*HEADER[:-1], "gross_amount"])
    ),
    "a required column missing": csv(text(rows(), header=[*HEADER[:4], "total", "order_id"])),
    "quotes torn": csv(with_line(10, 'X1,A,"invoice,2026-03-01,1.50,O1\n')),
    "quotes within quotes": csv(with_line(10, 'X1,A,invoice,2026-03-01,1.50,"the "best" one"\n')),
    "a delimiter in an unquoted value": csv(with_line(10, "X1,A,invoice,2026-03-01,1.50,O1, O2\n")),
    "a value too few": csv(with_line(10, "X1,A,invoice,2026-03-01,1.50\n")),
    "another delimiter than told": csv(PLAIN, delimiter=";"),
    "line ends mixed": csv(
        "".join(line + ("\r\n", "\n", "\r")[n % 3] for n, line in enumerate(PLAIN.splitlines()))
    ),
    "NUL bytes": csv(with_line(10, "\0\0\0\0\0\0\n")),
    "two byte-order marks": csv("\ufeff\ufeff" + PLAIN),
    "a byte that is no UTF-8": Broken(
        "invoices.csv", UTF_8.replace("Größe 9\n".encode(), b"Gr\xfc\n")
    ),
    "another encoding than told": csv(
        text(rows(order_id=lambda n: f"Größe {n}")), "cp1252", encoding="utf-8"
    ),
    "another byte-order mark than told": csv("\ufeff" + PLAIN, "utf-16-le", encoding="gb18030"),
    "an encoding that cannot be told": csv(
        text(rows(order_id=lambda n: "李明" if n == 9 else "")), "gb18030"
    ),
    "Western or Eastern European": csv(text(rows(order_id=lambda n: f"Lefèvre {n}")), "cp1252"),
    "two encodings in one file": Broken(
        "invoices.csv",
        text(rows(30, order_id=lambda n: f"Größe {n}")).encode()
        + text(rows(order_id=lambda n: f"Größe {n}")[30:], header=[]).encode("cp1252"),
    ),
    "a decimal comma in a file of points": csv(
        text(rows(gross_amount=lambda n: "12,50" if n == 9 else f"{n}.50"), ";")
    ),
    "a decimal comma beside thousands or decimals": csv(
        text(rows(gross_amount=lambda n: {8: "1.234", 9: "12,50"}.get(n, f"{n}.50")), ";")
    ),
    "points and commas alike": csv(
        text(rows(gross_amount=lambda n: f"{n},50" if n % 2 else f"{n}.50"), ";")
    ),
    "thousands or decimals": csv(text(rows(gross_amount=lambda n: f"{n}.000"))),
    "groups of two digits": csv(
        text(rows(gross_amount=lambda n: "1.23,50" if n == 9 else comma(n)), ";")
    ),
    "a currency beside the amount": csv(
        text(rows(gross_amount=lambda n: "9.50 EUR" if n == 9 else f"{n}.50"))
    ),
    "day or month first": csv(text(rows(invoice_date=lambda n: f"03/0{n % 9 + 1}/2026"))),
    "days of two formats": csv(
        text(rows(invoice_date=lambda n: f"03/{n % 28 + 1:02d}/2026" if n % 2 else german(n)))
    ),
    "days of two orders": csv(
        text(rows(invoice_date=lambda n: f"03/{n % 28 + 1:02d}/2026" if n < 50 else "25/03/2026"))
    ),
    "one day of another order": csv(
        text(rows(invoice_date=lambda n: "25/03/2026" if n == 9 else f"03/{n % 28 + 1:02d}/2026"))
    ),
    "a few days of another format": csv(
        text(rows(invoice_date=lambda n: "2026-03-09" if n == 9 else german(n)), ";")
    ),
    "a day that is none": csv(
        text(rows(invoice_date=lambda n: "31.02.2026" if n == 9 else german(n)))
    ),
    "years of two digits": csv(text(rows(invoice_date=lambda n: f"{n % 28 + 1}.03.26"))),
    "zip instead of CSV": Broken("invoices.csv", zipped("invoices.csv", PLAIN.encode())),
    "gzip instead of CSV": Broken("invoices.csv", gzip.compress(PLAIN.encode(), mtime=0)),
    "Parquet instead of CSV": Broken("invoices.csv", parquet(Decimal, pa.decimal128(18, 2))),
    "a web page instead of CSV": csv("<html><body><table><tr><td>invoice_id</td></tr></table>"),
    "Parquet cut off": Broken("invoices.parquet", parquet(Decimal, pa.decimal128(18, 2))[:-30]),
    "a decimal too wide in Parquet": Broken(
        "invoices.parquet",
        parquet(lambda n: Decimal(BIG if n == 9 else n), pa.decimal128(38, 4)),
    ),
    "a workbook of before 2007": Broken("invoices.xlsx", old_office("Workbook")),
    "a workbook with a password": Broken("invoices.xlsx", old_office("EncryptedPackage")),
    "CSV instead of a workbook": Broken("invoices.xlsx", PLAIN.encode()),
    "a workbook cut off": Broken("invoices.xlsx", workbook(sheet(typed()))[:2000]),
    "two sheets": excel(sheet(typed()), sheet(typed(), "April")),
    "a sheet of another name": excel(sheet(typed()), sheet="April"),
    "only a hidden sheet": excel(sheet(typed(), is_hidden=True)),
    "a merged title above the header": excel(sheet(typed(), top=1, merged=("A1:F1",))),
    "days as bare numbers": excel(
        sheet(typed(invoice_date=lambda n: 46100 if n == 9 else day(46100)))
    ),
    "a formula never calculated": excel(
        sheet(typed(gross_amount=lambda n: formula("1+1") if n == 9 else formula("1+1", 2)))
    ),
    "an error in a cell": excel(sheet(typed(order_id=lambda n: error("#N/A") if n == 9 else None))),
    "an amount as text in Excel": excel(
        sheet(typed(gross_amount=lambda n: "1.234" if n == 9 else n * 1.5))
    ),
    "an empty sheet": excel(Sheet("March", [])),
}  # fmt: skip
