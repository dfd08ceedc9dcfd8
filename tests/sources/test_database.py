"""Any other database by SQLAlchemy, with SQLite as the one that is always there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from keyaccounts import nightly
from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from keyaccounts.landing import latest_rows
from keyaccounts.landing.preview import check_sources
from keyaccounts.settings import Settings
from keyaccounts.sources.connect import Systems
from keyaccounts.sources.database import as_text
from tests.conftest import run_at, settings_for

SOURCES = """
systems:
  office: {kind: sql, url: "sqlite:///office.db"}
  files: {kind: files, folder: files}
entities:
  crm_accounts: {from: files}
  erp_invoices:
    from: office
    load: incremental
    look_back: 1 hour
    sql: |
      select number as invoice_id, customer as account_id, 'invoice' as document_type,
          day as invoice_date, total as gross_amount, modified as updated_at
      from invoice
  erp_invoice_lines:
    from: office
    table: line
    columns: {invoice_line_id: id, invoice_id: invoice, product_id: sku, net_amount: net}
"""
Extract = Callable[[str], list[dict[str, object]]]


@pytest.fixture
def office(tmp_path: Path) -> sqlite3.Connection:
    con = sqlite3.connect(tmp_path / "office.db", isolation_level=None)
    con.execute("create table invoice (number, customer, day, total, modified)")
    con.execute("create table line (id, invoice, sku, net, note)")
    for n in range(1, 4):
        moment = f"2026-03-0{n} 10:00:00"
        con.execute(
            "insert into invoice values (?, ?, ?, ?, ?)", (n, "A", "2026-03-01", n / 10, moment)
        )
        con.execute("insert into line values (?, ?, 'S', 0.1, 'x')", (f"{n}-1", n))
    (tmp_path / "files").mkdir()
    (tmp_path / "files/crm_accounts.csv").write_text("account_id,account_name\nA,Firm\n", "utf-8")
    return con


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "sources.yml").write_text(SOURCES, "utf-8")
    return settings_for(tmp_path / "home", sources=str(tmp_path / "sources.yml"))


@pytest.fixture
def extract(office: sqlite3.Connection, settings: Settings) -> Extract:
    def landed(day: str) -> list[dict[str, object]]:
        return nightly.extract_all(settings, run_at(day))

    return landed


def _totals(settings: Settings) -> dict[object, object]:
    return {r["invoice_id"]: r["gross_amount"] for r in latest_rows(settings, "erp_invoices")}


def test_a_database_and_a_folder_go_together(extract: Extract, settings: Settings) -> None:
    assert [said["rows"] for said in extract("2026-03-05")] == [1, 3, 3]
    assert _totals(settings) == {"1": Decimal("0.10"), "2": Decimal("0.20"), "3": Decimal("0.30")}


def test_only_what_moved_comes_and_what_is_gone(
    extract: Extract, settings: Settings, office: sqlite3.Connection
) -> None:
    extract("2026-03-05")
    office.execute(
        "update invoice set total = 9, modified = '2026-03-06 08:00:00' where number = 1"
    )
    office.execute("delete from invoice where number = 2")
    said = extract("2026-03-06")[1]
    assert (said["rows"], said["deleted"]) == (2, 1)
    assert _totals(settings) == {"1": Decimal("9.00"), "3": Decimal("0.30")}


def test_a_load_keeps_its_rows_and_nothing_that_it_was_made_of(
    extract: Extract, settings: Settings, office: sqlite3.Connection
) -> None:
    office.execute("update invoice set total = 'x' where number = 3")
    settings = replace(settings, max_quarantine_share=0.5)
    nightly.extract(settings, run_at("2026-03-05"), "erp_invoices", print)
    assert sorted(path.name for path in (settings.landing / "erp_invoices/000001").iterdir()) == [
        "held_back.parquet", "held_rows.parquet", "manifest.json", "part-00000.parquet",
        "quarantine.parquet",
    ]  # fmt: skip


def test_a_file_that_is_not_there_is_not_made(
    extract: Extract, tmp_path: Path, office: sqlite3.Connection
) -> None:
    (tmp_path / "office.db").unlink()
    with pytest.raises(KeyaccountsError, match="line 3: system office cannot be opened"):
        extract("2026-03-05")
    assert not (tmp_path / "office.db").exists()


def test_a_file_that_is_missing_is_told_with_the_line(
    extract: Extract, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "files/crm_accounts.csv").unlink()
    said = r"sources.yml line 6: crm_accounts: no crm_accounts.csv"
    with pytest.raises(SourceRefusedError, match=said):
        extract("2026-03-05")
    with Systems() as systems, pytest.raises(SourceRefusedError, match=said):
        list(check_sources(settings, systems))


def test_a_wrong_column_is_told(extract: Extract, settings: Settings) -> None:
    assert settings.sources is not None
    settings.sources.write_text(SOURCES.replace("total as", "totl as"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"sources.yml line 12: .* no such column: totl"):
        extract("2026-03-05")


def test_a_database_without_driver_is_told(extract: Extract, settings: Settings) -> None:
    assert settings.sources is not None
    text = SOURCES.replace("sqlite:///office.db", "oracle+oracledb://db/x")
    settings.sources.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="its driver installed"):
        extract("2026-03-05")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), (True, "true"), (12, "12"), (0.1, "0.1"), (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"), (Decimal("1E+2"), "100"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 2, 3), "2026-03-01 02:03:00"), ("é", "é"), (b"ab", "ab"),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_values_keep_their_digits(value: object, text: str | None) -> None:
    assert as_text(value) == text
