"""Files with names, headers and formats of their own, read right or asked about."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import cli, nightly
from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from keyaccounts.landing import all_loads, latest_rows
from keyaccounts.landing.resolve import resolve
from keyaccounts.sources import folder as folders
from tests.conftest import run_at, settings_for
from tests.sources.broken import HEADER, german, rows, text
from tests.sources.workbook import Sheet, day, workbook

GERMAN = "Beleg;Debitor;Art;Datum;Betrag;Bezug\r\n"
COLUMNS = {
    "invoice_id": "Beleg", "account_id": "Debitor", "document_type": "Art",
    "invoice_date": "Datum", "gross_amount": "Betrag", "order_id": "Bezug",
}  # fmt: skip
CHINESE = (
    "上海贸易有限公司", "北京科技股份有限公司", "深圳市华强电子有限公司", "广州白云机械制造厂",
    "成都天府物流有限公司", "武汉长江化工集团", "南京金陵纺织有限公司", "杭州西湖食品有限公司",
)  # fmt: skip


class Office:
    """A folder of files and the `sources.yml` over it."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.folder = home / "exports"
        self.folder.mkdir()
        self.home = home
        self.url = url
        self.says()
        self.settings = settings_for(home / "home", sources=str(home / "sources.yml"))
        self.log: list[str] = []

    def says(self, entity: str = "erp_invoices", **keys: Any) -> None:
        """Write what `sources.yml` says of an entity."""
        spec = {"from": "office", **keys}
        names = ("crm_accounts", "erp_invoices", "erp_invoice_lines")
        entities = {name: {"from": "office"} for name in names} | {entity: spec}
        (self.home / "sources.yml").write_text(
            f"systems:\n  office: {{kind: files, folder: {self.url or 'exports'}}}\nentities:\n"
            + "".join(f"  {name}: {_flow(said)}\n" for name, said in entities.items()),
            "utf-8",
        )

    def put(self, name: str, content: str | bytes, encoding: str = "utf-8") -> None:
        """Write a file."""
        data = content if isinstance(content, bytes) else content.encode(encoding)
        (self.folder / name).write_bytes(data)

    def land(self, day: str = "2026-04-05", **told: Any) -> dict[str, Any]:
        """Land the invoices; `log` has what was said."""
        self.log = []
        found = nightly.Told(**{name: frozenset(value) for name, value in told.items()})
        return nightly.extract(
            self.settings, run_at(day), "erp_invoices", self.log.append, told=found
        )

    def values(self, column: str = "gross_amount") -> dict[Any, Any]:
        """Return the newest value of each invoice."""
        return {r["invoice_id"]: r[column] for r in latest_rows(self.settings, "erp_invoices")}


def _flow(said: Any) -> str:
    if isinstance(said, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in said.items()) + "}"
    return (
        {True: "true", False: "false"}.get(said, f'"{said}"')
        if not isinstance(said, int) or (isinstance(said, bool))
        else str(said)
    )


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_german_export_is_read_as_it_is(office: Office) -> None:
    office.put(
        "März 2026.csv",
        GERMAN
        + "007;A;invoice;25.03.2026;1.234,56;Größe\r\n8;A;credit_note;1.3.2026;12,5-;\r\n"
        + '9;A;invoice;01.03.2026;"1 234 567,00";"a;b"\r\n',
        "cp1252",
    )
    office.says(file="März*.csv", columns=COLUMNS)
    said = office.land()
    assert (said["rows"], said["quarantined"]) == (3, 0)
    assert office.values() == {
        "007": Decimal("1234.56"), "8": Decimal("-12.50"), "9": Decimal("1234567.00"),
    }  # fmt: skip
    assert {str(d) for d in office.values("invoice_date").values()} == {"2026-03-25", "2026-03-01"}
    assert office.values("order_id") == {"007": "Größe", "8": None, "9": "a;b"}
    assert (
        "    März 2026.csv: 3 rows, windows-1252, delimiter ;, decimal comma, days %d.%m.%Y"
        in office.log
    )


@pytest.mark.parametrize(
    ("encoding", "called"),
    [
        ("gb18030", "gb18030"),
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8 by its byte-order mark"),
        ("utf-16", "utf-16-le by its byte-order mark"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_a_chinese_export_is_read_in_every_encoding(
    office: Office, encoding: str, called: str
) -> None:
    table = rows(
        order_id=lambda n: CHINESE[n % 8], invoice_date=lambda n: f"2026年3月{n % 28 + 1}日"
    )
    office.put("发票.csv", text(table, "\t"), encoding)
    office.says(file="发票.csv")
    assert office.land()["rows"] == 60
    assert office.values("order_id")["I009"] == CHINESE[1]
    assert (
        f"    发票.csv: 60 rows, {called}, delimiter tab, decimal point, days %Y年%m月%d日"
        in office.log
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1,234.50", "1234.50"), ("-1,234,567.8", "-1234567.80"), ("1'234.50", "1234.50"),
        ("1\u00a0234.5", "1234.50"), ("12.50-", "-12.50"), ("+3.1", "3.10"), (".5", "0.50"),
        ("0.125", "0.13"), ("1234", "1234.00"), ("12345678901234.56", "12345678901234.56"),
        ("1,23.45", None), ("1.2.3", None), ("--1.5", None), ("1.5 EUR", None), ("-1.5-", None),
    ],
)  # fmt: skip
def test_an_amount_with_a_point_is_exact_or_held_back(
    office: Office, written: str, read: str | None
) -> None:
    kind = "credit_note" if read and read.startswith("-") else "invoice"
    table = rows(
        gross_amount=lambda n: written if n == 9 else f"{n}.50",
        document_type=lambda n: kind if n == 9 else "invoice",
    )
    office.put("a.csv", text(table, ";"))
    office.says(file="a.csv")
    office.land()
    assert office.values().get("I009") == (Decimal(read) if read else None)


@pytest.mark.parametrize(
    ("written", "key", "read"),
    [
        ("1.234", True, "1234.00"), ("1.234", False, "1.23"),
        ("1,234", True, "1.23"), ("1,234", False, "1234.00"),
        ("12.50", True, None), ("12,50", False, None),
    ],
)  # fmt: skip
def test_a_key_decides_what_no_value_proves(
    office: Office, written: str, key: bool, read: str | None
) -> None:
    office.put("a.csv", text(rows(gross_amount=lambda n: written if n == 9 else n), ";"))
    office.says(file="a.csv", decimal_comma=key)
    office.land()
    assert office.values().get("I009") == (Decimal(read) if read else None)


@pytest.mark.parametrize(
    ("form", "written", "read"),
    [
        ("%d/%m/%Y", "03/04/2026", "2026-04-03"), ("%m/%d/%Y", "03/04/2026", "2026-03-04"),
        ("%d.%m.%y", "3.4.26", "2026-04-03"), ("%d %b %Y", "3 Apr 2026", "2026-04-03"),
        ("%Y%m%d", "20260403", "2026-04-03"), ("%d/%m/%Y", "31/02/2026", None),
        ("%d/%m/%Y", "2026-04-03", None), ("%d/%m/%Y", "03/04/2026 00:00", "2026-04-03"),
        ("%d/%m/%Y", "03/04/2026 10:00", None), ("excel", "46115", "2026-04-03"),
    ],
)  # fmt: skip
def test_a_told_format_of_days_is_the_only_one(
    office: Office, form: str, written: str, read: str | None
) -> None:
    good = {"%d %b %Y": "5 Apr 2026", "%Y%m%d": "20260405", "excel": "46117"}
    good |= {"%d.%m.%y": "5.4.26", "%d/%m/%Y": "05/04/2026", "%m/%d/%Y": "04/05/2026"}
    table = rows(invoice_date=lambda n: written if n == 9 else good[form])
    office.put("a.csv", text(table, ";"))
    office.says(file="a.csv", date_format=form)
    office.land()
    found = {key: str(value) for key, value in office.values("invoice_date").items()}
    assert found.pop("I009", None) == read
    assert set(found.values()) == {"2026-04-05"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("13.03.2026 14:05:06", "2026-03-13 14:05:06"),
        ("13.03.2026 2:05 PM", "2026-03-13 14:05:00"),
        ("13.03.2026 12:05:06 am", "2026-03-13 00:05:06"), ("13.03.2026", "2026-03-13 00:00:00"),
        ("13.03.2026T14:05:06+02:00", "2026-03-13 12:05:06"),
    ],
)  # fmt: skip
def test_a_time_stands_behind_its_day(office: Office, written: str, read: str) -> None:
    table = [[*row, written] for row in rows()]
    office.put("a.csv", text(table, ";", [*HEADER, "updated_at"]))
    office.says(file="a.csv")
    assert office.land()["nulled"] == {}
    assert {str(value) for value in office.values("updated_at").values()} == {read}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("13.03.2026 14:05:06", "2026-03-13 13:05:06"), ("2026-07-13 14:05", "2026-07-13 12:05:00"),
        ("13.03.2026", "2026-03-12 23:00:00"), ("2026-03-13T14:05:06Z", "2026-03-13 14:05:06"),
        ("2026-03-13 14:05:06.25-0500", "2026-03-13 19:05:06.250000"),
        # The hour that comes twice is the second one; that which is left out is the one after it.
        ("25.10.2026 02:30", "2026-10-25 01:30:00"), ("2026-03-29 02:30:00", "2026-03-29 01:30:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_workbook", [False, True])
def test_a_time_without_offset_is_of_the_zone_that_is_told(
    office: Office, written: str, read: str, is_workbook: bool
) -> None:
    table = [[*row, written] for row in rows()]
    header = [*HEADER, "updated_at"]
    name = "a.xlsx" if is_workbook else "a.csv"
    office.put(
        name, workbook(Sheet("D", [header, *table])) if is_workbook else text(table, ";", header)
    )
    office.says(file=name, zone="Europe/Berlin")
    assert office.land()["nulled"] == {}
    assert {str(value) for value in office.values("updated_at").values()} == {read}
    assert any("times of Europe/Berlin as told" in line for line in office.log)


@pytest.mark.parametrize(("zone", "read"), [("America/New_York", "17:00"), (None, "12:00")])
def test_times_that_a_file_has_as_such_are_of_the_zone_too(
    office: Office, zone: str | None, read: str
) -> None:
    table = [[*row, day(46082.5)] for row in rows()]
    office.put("a.xlsx", workbook(Sheet("D", [[*HEADER, "updated_at"], *table])))
    con = duckdb.connect()
    listed = ", ".join(
        f"'{value}' as {name}" for name, value in zip(HEADER, rows()[0], strict=True)
    )
    con.execute(
        f"copy (select {listed}, timestamp '2026-03-01 12:00' as updated_at) "
        f"to '{office.folder / 'a.parquet'}'"
    )
    for name in ("a.xlsx", "a.parquet"):
        office.says(file=name, **({"zone": zone} if zone else {}))
        office.land(allow_empty=["erp_invoices"])
        found = {f"{value:%Y-%m-%d %H:%M}" for value in office.values("updated_at").values()}
        assert found == {f"2026-03-01 {read}"}, name


def test_a_day_that_is_its_month_needs_no_proof(office: Office) -> None:
    office.put("a.csv", text(rows(invoice_date=lambda n: "03/03/2026")))
    office.says(file="a.csv")
    office.land()
    assert {str(value) for value in office.values("invoice_date").values()} == {"2026-03-03"}


def test_a_day_after_the_twelfth_proves_the_others(office: Office) -> None:
    office.put("a.csv", text(rows(invoice_date=lambda n: f"03/{n % 28 + 1:02d}/2026")))
    office.says(file="a.csv")
    office.land()
    assert str(office.values("invoice_date")["I003"]) == "2026-03-04"


def test_a_delimiter_at_the_end_of_a_row_is_no_value(office: Office) -> None:
    table = text(rows(), ";", header=[], end=";\r\n")
    office.put("a.csv", ";".join(HEADER) + "\r\n" + table + ";;;;;\r\n")
    office.says(file="a.csv")
    said = office.land()
    assert (said["rows"], said["quarantined"]) == (60, 0)


def test_a_value_of_several_lines_is_one_and_lines_are_counted(office: Office) -> None:
    table = rows(
        order_id=lambda n: '"one\ntwo ""three""\n"' if n == 3 else "",
        gross_amount=lambda n: "x" if n == 9 else f"{n}.5",
    )
    office.put("a.csv", text(table))
    office.says(file="a.csv")
    assert office.land()["examples"] == ["a.csv line 12, column gross_amount: 'x' is not an amount"]
    assert office.values("order_id")["I003"] == 'one\ntwo "three"\n'


def test_a_workbook_keeps_its_numbers_and_days(office: Office) -> None:
    table: list[list[object]] = [
        ["Invoices of March"],
        ["Beleg", "Debitor", "Art", "Datum", "Betrag", "Bezug", "Notiz"],
        [1001, "A", "invoice", day(46082), 0.1 + 0.2, None, "x"],
        ["I2", "A", "invoice", "2.3.2026", "1234.56", 7, None],
        [],
        ["I3", "A", "invoice", "25.3.2026", 12345678901.25, None, None],
    ]
    office.put("a.xlsx", workbook(Sheet("Data", table), Sheet("Notes", [["x"]])))
    office.says(file="a.xlsx", sheet="Data", header_row=2, columns=COLUMNS)
    said = office.land()
    assert said["quarantined"] == 0
    assert office.values() == {
        "1001": Decimal("0.30"), "I2": Decimal("1234.56"), "I3": Decimal("12345678901.25"),
    }  # fmt: skip
    days = {key: str(value) for key, value in office.values("invoice_date").items()}
    assert days == {"1001": "2026-03-01", "I2": "2026-03-02", "I3": "2026-03-25"}
    assert office.values("order_id")["I2"] == "7"


def test_all_files_of_a_pattern_say_together_what_there_is(office: Office) -> None:
    table = rows()
    office.put("part_2.csv", text(table[30:], ";", end="\r\n"))
    office.put("part_10.csv", text(rows(1, invoice_id=lambda n: "X", gross_amount=lambda n: "x")))
    office.put("part_1.csv", text(table[:30]))
    office.says(file="part_*.csv")
    said = office.land()
    assert (said["rows"], said["quarantined"]) == (60, 1)
    assert said["examples"] == ["part_10.csv line 2, column gross_amount: 'x' is not an amount"]
    (office.folder / "part_10.csv").unlink()
    (office.folder / "part_2.csv").unlink()
    assert office.land("2026-04-06")["rows"] == 30
    assert len(office.values()) == 30


def test_what_other_rows_refuse_is_named_by_its_line(office: Office) -> None:
    office.put("crm_accounts.csv", "account_id,account_name\nA,Firm\n")
    office.put("erp_invoice_lines.csv", "invoice_line_id,invoice_id,net_amount\n1,I001,1\n")
    office.put("part_1.csv", text(rows(30)))
    table = rows(invoice_date=german, account_id=lambda n: "Z" if n == 40 else "A")[30:]
    office.put("part_2.csv", "Invoices\n\n" + text(table))
    office.says(file="part_*.csv")
    with pytest.raises(SourceRefusedError, match=r"part_2.csv: row 1 holds none of the columns"):
        office.land()
    office.put("part_2.csv", text(table))
    nightly.extract_all(office.settings, run_at("2026-04-05"), log=office.log.append)
    assert resolve(office.settings).entities["erp_invoices"].examples == [
        "part_2.csv line 11 (I040), column account_id: 'Z' is not in crm_accounts"
    ]


def test_a_folder_that_fills_up_lands_each_file_once(office: Office) -> None:
    table = rows()
    office.put("inv_1.csv", text(table[:20]))
    office.put("inv_2.csv", text(table[20:40]))
    office.says(file="inv_*.csv", load="incremental")
    assert office.land()["rows"] == 40
    assert office.land("2026-04-06")["rows"] == 0
    assert "    no new file among 2" in office.log
    office.put("inv_3.csv", text(table[:20]))
    office.put("inv_10.csv", text(table[40:]))
    assert office.land("2026-04-07")["rows"] == 20
    assert "    inv_10.csv is new" in office.log
    assert "    inv_3.csv holds what inv_1.csv holds: not read again" in office.log
    for file in office.folder.iterdir():
        file.unlink()
    assert office.land("2026-04-08")["rows"] == 0
    assert len(office.values()) == 60
    assert len(all_loads(office.settings, "erp_invoices")) == 3


def test_the_newest_version_of_a_row_counts(office: Office) -> None:
    head = [*HEADER, "updated_at"]
    [row] = rows(1)
    late, early, bad = (
        [*row[:4], amount, "", f"2026-03-{d} 10:00:00"]
        for amount, d in (("9.00", 12), ("5.00", 10), ("x", 14))
    )
    office.says(file="inv_*.csv", load="incremental")
    office.put("inv_1.csv", text([late], header=head))
    office.land()
    office.put("inv_2.csv", text([early], header=head))
    office.land("2026-04-06")
    assert office.values() == {"I001": Decimal("9.00")}
    office.put("inv_3.csv", text([bad], header=head))
    said = office.land("2026-04-07")
    assert (said["quarantined"], said["deleted"]) == (1, 1)
    assert office.values() == {}
    office.put("inv_4.csv", text([[*row[:4], "7.00", "", "2026-03-15 10:00:00"]], header=head))
    office.land("2026-04-08")
    assert office.values() == {"I001": Decimal("7.00")}


def test_files_that_add_nothing_are_read_once_too(office: Office) -> None:
    office.says(file="inv_*.csv", load="incremental")
    office.put("inv_1.csv", text(rows()))
    for number, end in ((2, "\n"), (3, "\r\n")):
        office.put(f"inv_{number}.csv", text([], end=end))
    office.land()
    office.land("2026-04-06")
    assert "    no new file among 3" in office.log


def test_without_stamps_the_order_of_the_names_counts(office: Office) -> None:
    office.says(file="inv_*.csv", load="incremental")
    for number in (10, 9):
        office.put(f"inv_{number}.csv", text(rows(1, gross_amount=lambda _, n=number: f"{n}.5")))
    office.land()
    assert office.values() == {"I001": Decimal("10.50")}


def test_a_file_that_changed_is_a_new_one(office: Office) -> None:
    office.says(file="inv_*.csv", load="incremental")
    office.put("inv_1.csv", text(rows(2)))
    office.land()
    office.put("inv_1.csv", text(rows(3, gross_amount=lambda n: f"{n}.25")))
    assert office.land("2026-04-06")["rows"] == 3
    assert "    inv_1.csv changed since it landed: is new" in office.log
    assert office.values()["I001"] == Decimal("1.25")


def test_a_broken_file_stops_those_behind_it(office: Office) -> None:
    office.says(file="inv_*.csv", load="incremental")
    office.put("inv_1.csv", text(rows()[:20]))
    office.put("inv_2.csv", text(rows()[20:40])[:-9])
    office.put("inv_3.csv", text(rows()[40:]))
    with pytest.raises(SourceRefusedError) as refused:
        office.land()
    assert str(refused.value).startswith("sources.yml line 5: inv_2.csv ends in the middle of a")
    assert str(refused.value).endswith("; 1 new files before it landed, 1 behind it wait")
    assert len(office.values()) == 20
    office.put("inv_2.csv", text(rows()[20:40]))
    office.land("2026-04-06")
    assert len(office.values()) == 60


def test_few_bad_rows_of_a_small_new_file_are_held_back(office: Office) -> None:
    office.says(file="inv_*.csv", load="incremental")
    office.put("inv_1.csv", text(rows()[:40]))
    office.land()
    office.put(
        "inv_2.csv", text(rows(44, gross_amount=lambda n: "x" if n == 42 else f"{n}.5")[40:])
    )
    said = office.land("2026-04-06")
    assert (said["rows"], said["quarantined"]) == (3, 1)
    office.put("inv_3.csv", text(rows(gross_amount=lambda n: "x" if n > 30 else f"{n}.5")))
    with pytest.raises(SourceRefusedError, match=r"inv_3.csv is refused: 30 of 60 rows"):
        office.land("2026-04-07")


def test_reload_starts_anew_and_loses_no_file(office: Office) -> None:
    office.says(file="inv_*.csv", load="incremental")
    office.put("inv_1.csv", text(rows()[:20]))
    office.put("inv_2.csv", text(rows()[20:40]))
    office.land()
    office.land("2026-04-06", reload=["erp_invoices"])
    modes = [load.manifest["mode"] for load in all_loads(office.settings, "erp_invoices")]
    assert modes == ["full", "incremental", "full", "incremental"]
    assert len(office.values()) == 40
    (office.folder / "inv_1.csv").unlink()
    with pytest.raises(
        SourceRefusedError, match=r"1 files that landed are no longer there \(inv_1"
    ):
        office.land("2026-04-07", reload=["erp_invoices"])
    office.land("2026-04-07", reload=["erp_invoices"], allow_empty=["erp_invoices"])
    assert len(office.values()) == 20


def test_an_emptied_file_has_to_be_confirmed(office: Office) -> None:
    office.says(file="a.csv")
    office.put("a.csv", text(rows()))
    office.land()
    office.put("a.csv", text([]))
    with pytest.raises(SourceRefusedError, match=r"a.csv is refused: it has no row, load 1 had"):
        office.land("2026-04-06")
    office.land("2026-04-06", allow_empty=["erp_invoices"])
    assert office.values() == {}


def test_the_same_again_is_no_new_load(office: Office) -> None:
    office.says(file="a.csv")
    office.put("a.csv", text(rows()))
    office.land()
    office.put("a.csv", text(rows(), end="\r\n"), "utf-16")
    assert office.land("2026-04-06")["is_new"] is False


def test_a_column_that_comes_or_goes_is_told(office: Office) -> None:
    office.says(file="a.csv")
    office.put("a.csv", text(rows()))
    office.land()
    assert not any("column" in line for line in office.log)
    table = [[*row[:5], "x"] for row in rows(gross_amount=lambda n: f"{n},50")]
    office.put("a.csv", text(table, ";", [*HEADER[:5], "note"]))
    office.land("2026-04-06")
    assert "    column note is new at the source and not in the contract: ignored" in office.log
    assert "    column order_id is gone at the source: it is null now" in office.log
    assert (
        "    files are written otherwise than before: utf-8, delimiter ;, decimal comma; before: "
        "utf-8, delimiter ,, decimal point"
    ) in office.log
    office.says(file="a.csv", columns={"order_id": "Bezug"})
    office.land("2026-04-07")
    assert "    sources.yml line 5: the file has no column Bezug: order_id is null" in office.log


def test_a_file_that_is_still_written_does_not_land(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.says(file="a.csv")
    office.put("a.csv", text(rows()))
    fetched = folders.Folder.fetch

    def written_meanwhile(self: folders.Folder, file: folders.Found) -> Path:
        path = fetched(self, file)
        path.write_text(text(rows()) + "more", "utf-8")
        return path

    monkeypatch.setattr(folders.Folder, "fetch", written_meanwhile)
    with pytest.raises(KeyaccountsError, match=r"a.csv changed while it was read") as refused:
        office.land()
    assert refused.value.exit_code == 5
    assert all_loads(office.settings, "erp_invoices") == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"file": "b.csv"}, "line 5: erp_invoices: no b.csv in .*; it has a.csv"),
        ({"decimal_comma": True}, "no erp_invoices.csv or erp_invoices.parquet or erp_invoices.x"),
        ({"file": "*.csv", "columns": {"invoice_id": "Nr"}},
         r"a.csv: required column invoice_id \(Nr\) is missing"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_told_with_the_line(
    office: Office, keys: dict[str, Any], said: str
) -> None:
    office.put("a.csv", text(rows()))
    office.says(**keys)
    with pytest.raises(SourceRefusedError, match=said):
        office.land()


def test_a_folder_that_is_not_there_is_told(office: Office) -> None:
    office.folder.rmdir()
    office.says(file="a.csv")
    with pytest.raises(ConfigurationError, match=r"sources.yml line 2: .*exports is no folder"):
        office.land()


def test_files_lie_in_object_storage(tmp_path: Path) -> None:
    office = Office(tmp_path, url=f"file://{tmp_path}/exports")
    office.put("inv_1.csv", text(rows()[:20]))
    office.put("inv_2.parquet", b"PAR1")
    office.says(file="inv_*.csv", load="incremental")
    assert office.land()["rows"] == 20
    office.put("inv_3.csv", text(rows()[20:]))
    assert office.land("2026-04-06")["rows"] == 40
    office.put("erp_invoices.csv", text(rows(3)))
    office.says()
    assert office.land("2026-04-07")["rows"] == 3


def _command(office: Office, *arguments: str) -> int:
    return cli.main(["sources", *arguments, "--sources", str(office.home / "sources.yml")])


def test_preview_shows_what_was_found_and_what_is_wrong(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    table = rows(gross_amount=lambda n: "x" if n == 9 else f"{n}.000,00", invoice_date=german)
    office.put("inv_1.csv", text(table, ";"))
    office.put("inv_2.csv", text(table, ";"))
    office.says(file="inv_*.csv", load="incremental")
    assert _command(office, "preview", "erp_invoices", "--rows", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "inv_2.csv: 60 rows, utf-8, delimiter ;, decimal comma, days %d.%m.%Y"
    assert lines[1] == "1 other files match"
    assert lines[3].split() == ["I001", "A", "O1", "invoice", "2026-03-02", "1000.00"]
    assert "60 rows looked at: 59 would land, 1 be held back" in lines
    assert (
        "  inv_2.csv line 10, column gross_amount: 'x' is not an amount with a decimal comma"
        in lines
    )
    assert not (office.settings.landing / "erp_invoices").exists()


def test_check_shows_how_files_are_written(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.put("crm_accounts.csv", "account_id,account_name\nA,Firm\n")
    office.put("erp_invoice_lines.csv", "invoice_line_id,invoice_id,net_amount\n1,I001,1\n")
    office.put("a.csv", text(rows(invoice_date=lambda n: "03/04/2026")))
    office.says(file="a.csv")
    assert _command(office, "check") == 3
    assert "sources.yml line 5: a.csv line 2, column invoice_date: '03/04/2026' may start" in (
        capsys.readouterr().err
    )
    office.says(file="a.csv", date_format="%d/%m/%Y")
    assert _command(office, "check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "erp_invoices: full from office, 6 of 15 columns"
    assert lines[2] == (
        "  a.csv: 60 rows, utf-8, delimiter ,, decimal point, days %d/%m/%Y as told"
    )


def test_contract_files_go_on_as_they_are(office: Office) -> None:
    office.put("erp_invoices.csv", text(rows(gross_amount=lambda n: f"{n},5"), ";"))
    with pytest.raises(SourceRefusedError, match=r"row 2, column gross_amount: '1,5' is not an am"):
        office.land()
