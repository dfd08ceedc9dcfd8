"""Rows that are held back: seen, shown, checked again, and let go when they are repaired."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import cli, nightly
from keyaccounts.landing import all_loads, latest_rows, rules
from keyaccounts.landing.positions import read_position
from keyaccounts.landing.quarantine import counts_by_day, reasons, remember
from keyaccounts.landing.resolve import resolve
from keyaccounts.settings import Settings
from keyaccounts.warehouse.landing_schema import lay_out
from tests.conftest import run_at, settings_for, silent
from tests.sources.broken import HEADER, rows, text

ACCOUNTS = "account_id,account_name\nA,Firm\n"
LINES = "invoice_line_id,invoice_id,net_amount\n" + "".join(
    f"L{n},I{n:03d},{n}\n" for n in range(1, 61)
)


class Shop:
    """A folder of contract files and the command line over it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.source = folder / "source"
        self.source.mkdir()
        self.put("crm_accounts", ACCOUNTS)
        self.put("erp_invoices", text(rows()))
        self.put("erp_invoice_lines", LINES)
        self.settings = settings_for(folder / "home", self.source)
        self.capsys = capsys

    def put(self, entity: str, content: str) -> None:
        """Write a contract file."""
        (self.source / f"{entity}.csv").write_text(content, "utf-8")

    def night(self, day: str) -> None:
        """Land everything and judge it."""
        nightly.extract_all(self.settings, run_at(day), log=silent)
        resolve(self.settings)
        remember(self.settings, run_at(day))

    def says(self, *arguments: str) -> list[str]:
        """Return what `keyaccounts quarantine` prints."""
        self.capsys.readouterr()
        assert cli.main(["quarantine", *arguments, "--home", str(self.settings.home)]) == 0
        return self.capsys.readouterr().out.splitlines()


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys)


def test_nothing_is_held_back(shop: Shop) -> None:
    assert shop.says("list") == ["no row is held back"]
    shop.night("2026-03-31")
    assert shop.says("list") == ["no row is held back"]
    assert shop.says("show", "erp_invoices") == ["no row is held back"]


def test_what_is_held_back_is_listed_and_shown(shop: Shop) -> None:
    table = rows(gross_amount=lambda n: "x" if n in (8, 9) else f"{n}.5")
    shop.put("erp_invoices", text(table) + "torn,\n")
    shop.night("2026-03-30")
    shop.night("2026-03-31")
    assert shop.says("list") == [
        "erp_invoices",
        "  2 rows, column gross_amount: is not an amount (held by contract; first seen 2026-03-30, "
        "last seen 2026-03-31)",
        "  1 rows, the line: the line cannot be taken apart: expected number of columns: 6 found: 2"
        " (held by contract; first seen 2026-03-30, last seen 2026-03-31)",
        "erp_invoice_lines",
        "  2 rows, column invoice_id: is not in erp_invoices (held by its document; first seen "
        "2026-03-30, last seen 2026-03-31)",
    ]
    assert shop.says("show", "erp_invoices", "--reason", "Amount") == [
        "erp_invoices.csv row 9 (I008), column gross_amount: 'x' is not an amount (since "
        "2026-03-30)",
        "erp_invoices.csv row 10 (I009), column gross_amount: 'x' is not an amount (since "
        "2026-03-30)",
    ]
    assert shop.says("show", "erp_invoices", "--reason", "gross_amount", "--rows", "1")[1] == (
        "and 1 more: --rows 2"
    )
    assert shop.says("show", "erp_invoice_lines")[0] == (
        "erp_invoice_lines.csv row 9 (L8), column invoice_id: 'I008' is not in erp_invoices (since "
        "2026-03-30)"
    )
    facts = json.loads("".join(shop.says("list", "--json")))
    assert facts[0]["rows"] == 2


def test_a_run_for_an_earlier_day_counts_nothing(shop: Shop) -> None:
    shop.night("2026-03-30")
    shop.put("erp_invoices", text(rows(gross_amount=lambda n: "x" if n == 9 else f"{n}.5")))
    shop.night("2026-03-29")
    assert counts_by_day(shop.settings) == {"2026-03-30": []}
    assert str(reasons(shop.settings, "erp_invoices")[0].first_seen) == "2026-03-29"


def test_the_counts_of_all_nights_are_laid_out_for_the_mart(shop: Shop) -> None:
    for day, bad in (("2026-03-30", {8, 9}), ("2026-03-31", {9})):
        table = rows(gross_amount=lambda n, b=bad: "x" if n in b else f"{n}.5")
        shop.put("erp_invoices", text(table))
        shop.night(day)
    lay_out(shop.settings, resolve(shop.settings))
    with duckdb.connect(str(shop.settings.warehouse)) as con:
        found = con.execute(
            "select counted_on::varchar, entity, held_by, rows_count "
            "from landing.quarantine_counts order by all"
        ).fetchall()
    assert found == [
        ("2026-03-30", "erp_invoice_lines", "its document", 2),
        ("2026-03-30", "erp_invoices", "contract", 2),
        ("2026-03-31", "erp_invoice_lines", "its document", 1),
        ("2026-03-31", "erp_invoices", "contract", 1),
    ]


def test_every_night_remembers_what_is_held_back(shop: Shop) -> None:
    shop.put("erp_invoices", text(rows(gross_amount=lambda n: "x" if n == 9 else f"{n}.5")))
    nightly.extract_all(shop.settings, run_at("2026-03-31"), log=silent)
    log: list[str] = []
    nightly.check_landing(shop.settings, run_at("2026-03-31"), log.append)
    assert "  2 rows are held back now: keyaccounts quarantine list" in log
    assert list(counts_by_day(shop.settings)) == ["2026-03-31"]


def test_a_row_that_is_repaired_is_gone(shop: Shop) -> None:
    shop.put("erp_invoices", text(rows(gross_amount=lambda n: "x" if n == 9 else f"{n}.5")))
    shop.night("2026-03-30")
    assert len(reasons(shop.settings)) == 2
    shop.put("erp_invoices", text(rows()))
    shop.night("2026-03-31")
    assert shop.says("list") == ["no row is held back"]
    counts = counts_by_day(shop.settings)
    assert counts == {
        "2026-03-30": [
            ["erp_invoices", "gross_amount", "is not an amount", "contract", 1],
            ["erp_invoice_lines", "invoice_id", "is not in erp_invoices", "its document", 1],
        ],
        "2026-03-31": [],
    }


def test_what_comes_back_is_first_seen_anew(shop: Shop) -> None:
    for day, amount in (("2026-03-28", "x"), ("2026-03-29", "1"), ("2026-03-30", "x")):
        table = rows(gross_amount=lambda n, a=amount: a if n == 9 else f"{n}.5")
        shop.put("erp_invoices", text(table))
        shop.night(day)
    assert str(reasons(shop.settings, "erp_invoices")[0].first_seen) == "2026-03-30"


def test_the_load_says_since_when_where_the_history_is_lost(shop: Shop) -> None:
    shop.put("erp_invoices", text(rows(gross_amount=lambda n: "x" if n == 9 else f"{n}.5")))
    shop.night("2026-03-29")
    shutil.rmtree(shop.settings.home / "quarantine")
    [found] = reasons(shop.settings, "erp_invoices")
    assert (str(found.first_seen), str(found.last_seen)) == ("2026-03-29", "2026-03-29")


def test_retry_lets_go_what_its_parent_has_come_for(shop: Shop) -> None:
    shop.put("erp_invoices", text(rows(account_id=lambda n: "Z" if n == 9 else "A")))
    shop.night("2026-03-30")
    assert [r.held_by for r in reasons(shop.settings)] == ["other rows", "its document"]
    shop.put("crm_accounts", ACCOUNTS + "Z,Late\n")
    nightly.extract(shop.settings, run_at("2026-03-31"), "crm_accounts", silent)
    lines = shop.says("retry", "--as-of", "2026-03-31", "--wall-time", "2026-04-01T01:00:00")
    assert (
        "  erp_invoices, column account_id: is not in crm_accounts: 1 rows before, 0 now" in lines
    )
    assert reasons(shop.settings) == []
    assert counts_by_day(shop.settings)["2026-03-31"] == []


def _stricter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold back amounts above 50 until the patch ends: then the rules are those of today."""
    strict = (*rules.MONEY_SIGNS["erp_invoices"], ("gross_amount", "gross_amount > 50", "too much"))
    monkeypatch.setitem(rules.MONEY_SIGNS, "erp_invoices", strict)


def test_retry_lands_what_the_rules_of_today_let_through(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows(gross_amount=lambda n: {8: "60.5", 9: "x"}.get(n, "7"))
    shop.put("erp_invoices", text(table))
    with monkeypatch.context() as patched:
        _stricter(patched)
        shop.night("2026-03-30")
    assert len(latest_rows(shop.settings, "erp_invoices")) == 58
    lines = shop.says("retry", "erp_invoices", "--as-of", "2026-03-30", "--wall-time",
                      "2026-04-01T01:00:00")  # fmt: skip
    assert "  erp_invoices, load 1: 1 of 2 rows are good now" in lines
    landed = {r["invoice_id"]: r for r in latest_rows(shop.settings, "erp_invoices")}
    assert len(landed) == 59
    assert str(landed["I008"]["gross_amount"]) == "60.50"
    [found] = reasons(shop.settings, "erp_invoices")
    assert (found.reason, found.rows) == ("is not an amount", 1)
    again = shop.says("retry", "erp_invoices", "--as-of", "2026-03-30", "--wall-time",
                      "2026-04-01T01:00:00")  # fmt: skip
    assert "  erp_invoices, load 1: 0 of 1 rows are good now" in again
    assert len(all_loads(shop.settings, "erp_invoices")) == 2


class Folder:
    """A folder that fills up."""

    def __init__(self, home: Path) -> None:
        self.files = home / "files"
        self.files.mkdir()
        (home / "sources.yml").write_text(
            "systems:\n  office: {kind: files, folder: files}\nentities:\n"
            "  crm_accounts: {from: office}\n  erp_invoice_lines: {from: office}\n"
            "  erp_invoices: {from: office, file: 'inv_*.csv', load: incremental}\n",
            "utf-8",
        )
        self.settings = settings_for(home / "home", sources=str(home / "sources.yml"))

    def land(self, name: str, content: str, day: str) -> list[tuple[str, str | None]]:
        """Land a file; return what is held back then."""
        (self.files / name).write_text(content, "utf-8")
        nightly.extract(self.settings, run_at(day), "erp_invoices", silent)
        return [(r.reason, str(r.first_seen)) for r in remember(self.settings, run_at(day))]


def test_a_later_file_repairs_a_row(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    day = "2026-03-{}"
    table = rows(40, gross_amount=lambda n: "x" if n == 9 else f"{n},5")
    since = ("is not an amount with a decimal comma", "2026-03-28")
    assert folder.land("inv_1.csv", text(table, ";"), day.format(28)) == [since]
    assert folder.land("inv_2.csv", text(rows()[50:]), day.format(29)) == [since]
    found = folder.land("inv_3.csv", text(rows(gross_amount=lambda n: "y")[8:9]), day.format(30))
    assert found == [("is not an amount", "2026-03-30")]
    assert folder.land("inv_4.csv", text(rows()[8:9]), day.format(31)) == []


def test_a_file_that_is_delivered_again_repairs_its_torn_lines(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    torn = [("the row has 2 values, the header 6", "2026-03-28")]
    assert folder.land("inv_1.csv", text(rows(40)) + "a,b\n", "2026-03-28") == torn
    assert folder.land("inv_10.csv", text(rows()[50:]), "2026-03-29") == torn
    assert folder.land("inv_1.csv", text(rows(41)), "2026-03-30") == []


def test_a_key_is_the_same_however_its_day_is_written(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    sources = tmp_path / "sources.yml"
    sources.write_text(
        sources.read_text("utf-8")
        + "  erp_exchange_rates: {from: office, file: 'fx_*.csv', load: incremental}\n",
        "utf-8",
    )
    head = "currency_code;rate_date;rate_to_base\n"
    good = "".join(f"EUR;{n}.03.2026;7,5\n" for n in range(1, 31))
    for name, content, held in (
        ("fx_1.csv", f"{head}{good}USD;31.03.2026;0\n", 1),
        ("fx_2.csv", "currency_code,rate_date,rate_to_base\nUSD,2026-03-31,7.1\n", 0),
    ):
        (folder.files / name).write_text(content, "utf-8")
        nightly.extract(folder.settings, run_at("2026-03-31"), "erp_exchange_rates", silent)
        assert sum(r.rows for r in reasons(folder.settings)) == held


def test_a_row_is_checked_again_as_its_file_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    with monkeypatch.context() as patched:
        _stricter(patched)
        table = rows(40, gross_amount=lambda n: "1.060,5" if n == 9 else "7,5")
        assert folder.land("inv_1.csv", text(table, ";"), "2026-03-28")
    said = nightly.retry_quarantine(folder.settings, run_at("2026-03-28"), None, silent)
    assert (said["landed"], said["after"]) == (1, [])
    landed = {r["invoice_id"]: r for r in latest_rows(folder.settings, "erp_invoices")}
    assert str(landed["I009"]["gross_amount"]) == "1060.50"
    assert folder.land("inv_2.csv", text(rows()[50:]), "2026-03-29") == []


@pytest.fixture
def office(tmp_path: Path) -> tuple[sqlite3.Connection, Settings]:
    con = sqlite3.connect(tmp_path / "office.db", isolation_level=None)
    names = [*HEADER, "updated_at"]
    con.execute(f"create table invoice ({', '.join(names)})")
    for row in rows():
        con.execute(
            f"insert into invoice values ({','.join('?' * 7)})", [*row, "2026-03-20 10:00:00"]
        )
    (tmp_path / "sources.yml").write_text(
        'systems:\n  office: {kind: sql, url: "sqlite:///office.db"}\nentities:\n'
        "  crm_accounts: {from: office, table: account}\n"
        "  erp_invoice_lines: {from: office, table: line}\n"
        "  erp_invoices: {from: office, table: invoice, load: incremental}\n",
        "utf-8",
    )
    return con, settings_for(tmp_path / "home", sources=str(tmp_path / "sources.yml"))


def _night(settings: Settings, day: str) -> dict[str, Any]:
    return nightly.extract(settings, run_at(day), "erp_invoices", silent)


def test_a_held_row_that_is_gone_at_the_source_leaves(
    office: tuple[sqlite3.Connection, Settings],
) -> None:
    con, settings = office
    con.execute("update invoice set gross_amount = 'x' where invoice_id in ('I008', 'I009')")
    _night(settings, "2026-03-28")
    assert [r.rows for r in reasons(settings)] == [2]
    con.execute("delete from invoice where invoice_id = 'I008'")
    _night(settings, "2026-03-29")
    assert [r.rows for r in reasons(settings)] == [1]
    con.execute(
        "update invoice set gross_amount = '5', updated_at = '2026-03-29 10:00:00' "
        "where invoice_id = 'I009'"
    )
    _night(settings, "2026-03-30")
    assert reasons(settings) == []


def test_the_nights_go_on_after_a_retry(
    office: tuple[sqlite3.Connection, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    con, settings = office
    with monkeypatch.context() as patched:
        _stricter(patched)
        con.execute("update invoice set gross_amount = '7'")
        con.execute("update invoice set gross_amount = '60' where invoice_id = 'I009'")
        _night(settings, "2026-03-28")
    assert nightly.retry_quarantine(settings, run_at("2026-03-28"), None, silent)["landed"] == 1
    position = read_position(settings, "erp_invoices")
    assert position is not None
    assert (position.live, position.held) == (60, 0)
    said = _night(settings, "2026-03-29")
    assert (said["rows"], said["quarantined"], said["notes"]) == (0, 0, [])
    assert len(latest_rows(settings, "erp_invoices")) == 60
    assert reasons(settings) == []


def test_an_entity_that_is_none_is_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["quarantine", "show", "invoices", "--home", str(shop.settings.home)]) == 2
    assert "invoices is no entity of the contract" in capsys.readouterr().err
