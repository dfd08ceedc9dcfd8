"""Many small loads are read as few files, and say what they said."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.contract import CONTRACT_VERSION
from keyaccounts.landing import compact
from keyaccounts.landing import loads as landed
from keyaccounts.landing.loads import all_loads, loads_in_play, rows_files, rows_sql
from keyaccounts.settings import Settings
from keyaccounts.warehouse.spark_process import path_of
from tests.conftest import run_at, settings_for, silent
from tests.faults.version_1 import as_version_1

HEADER = "invoice_id,account_id,document_type,invoice_date,gross_amount,is_cash_sale\n"
SOURCES = """
systems:
  office: {kind: files, folder: exports}
entities:
  crm_accounts: {from: office}
  erp_invoice_lines: {from: office}
  erp_invoices: {from: office, file: "invoices_*.csv", load: incremental}
"""


class Year:
    """A folder that gets a file a night."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "exports"
        self.folder.mkdir()
        (home / "sources.yml").write_text(SOURCES, "utf-8")
        self.settings: Settings = settings_for(home / "home", sources=str(home / "sources.yml"))

    def land(self, first: int, last: int, **told: Any) -> None:
        """Land a file a night, each with a row of its own and another version of row 0."""
        for night in range(first, last + 1):
            rows = f"0,A,invoice,2026-03-02,{night},true\n{night},A,invoice,2026-03-03,1,true\n"
            (self.folder / f"invoices_{night}.csv").write_text(HEADER + rows, "utf-8")
        nightly.extract(
            self.settings, run_at("2026-04-05"), "erp_invoices", silent, told=nightly.Told(**told)
        )

    @property
    def names(self) -> list[str]:
        """The files that are read: a load by its number, what stands for many by first and last."""
        files = rows_files(loads_in_play(self.settings, "erp_invoices"))
        return [
            file.name[:13] if file.parent.name == landed.COMPACTED else file.parent.name
            for file in files
        ]

    def rows(self) -> list[tuple[Any, ...]]:
        """Return all landed rows as they are read."""
        return duckdb.sql(
            f"from {rows_sql(loads_in_play(self.settings, 'erp_invoices'))} order by _load, _row"
        ).fetchall()


@pytest.fixture
def year(tmp_path: Path) -> Year:
    return Year(tmp_path)


def test_sixteen_loads_are_one_file_and_the_rest_stay_alone(year: Year) -> None:
    year.land(1, 34)
    assert year.names == ["000001-000016", "000017-000032", "000033", "000034"]
    compacted = year.rows()
    shutil.rmtree(year.settings.landing / "erp_invoices" / landed.COMPACTED)
    assert len(year.names) == 34
    assert year.rows() == compacted
    assert [row[-1] for row in compacted] == [load for load in range(1, 35) for _ in range(2)]


def test_what_was_compacted_is_compacted_again(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (landed, compact):
        monkeypatch.setattr(module, "WIDTHS", (8, 4))
    year.land(1, 7)
    assert year.names == ["000001-000004", "000005", "000006", "000007"]
    year.land(8, 9)
    assert year.names == ["000001-000008", "000009"]
    # The state of an earlier day begins and ends where it did.
    earlier = all_loads(year.settings, "erp_invoices")[:6]
    assert [file.name[:13] for file in rows_files(earlier)][:1] == ["000001-000004"]
    assert len(rows_files(earlier)) == 3
    rows = duckdb.sql(f"from {rows_sql(earlier)}").fetchall()
    assert {row[-1] for row in rows} == set(range(1, 7))


def test_a_file_stands_for_the_loads_that_it_was_made_of_alone(year: Year) -> None:
    year.land(1, 16)
    load = all_loads(year.settings, "erp_invoices")[2]
    manifest = load.folder / landed.MANIFEST
    old = load.manifest["content_hash"]
    manifest.write_text(manifest.read_text("utf-8").replace(old, old[::-1]), "utf-8")
    assert len(year.names) == 16


def test_what_is_large_is_not_written_again(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "LARGEST_BYTES", 100)
    year.land(1, 16)
    assert len(year.names) == 16


def test_what_lies_before_a_full_load_counts_no_more(year: Year) -> None:
    year.land(1, 18)
    # All nineteen files once more.
    year.land(19, 19, reload=frozenset({"erp_invoices"}))
    assert year.names == [f"{load:06d}" for load in range(19, 38)]
    year.land(20, 31)
    alone = [f"{load:06d}" for load in range(19, 33)]
    assert year.names == [*alone, "000033-000048", "000049"]


def test_loads_of_an_earlier_contract_are_compacted_with_later_ones(year: Year) -> None:
    year.land(1, 15)
    as_version_1(year.settings, "erp_invoices")
    year.land(16, 16)
    assert year.names == ["000001-000016"]
    compacted = year.rows()
    shutil.rmtree(year.settings.landing / "erp_invoices" / landed.COMPACTED)
    versions = [
        load.manifest["contract_version"] for load in loads_in_play(year.settings, "erp_invoices")
    ]
    assert versions == [1] * 15 + [CONTRACT_VERSION]
    assert year.rows() == compacted
    is_cash = [any(value is True for value in row) for row in compacted]
    assert is_cash == [False] * 30 + [True] * 2


def test_several_files_are_one_path_for_spark() -> None:
    place = "/data [1]/landing/erp_invoices"
    files = [f"{place}/compacted/000001-000016-a.parquet", f"{place}/000017/part-00000.parquet"]
    assert path_of(files[1:]) == files[1]
    assert path_of(files) == (
        r"/data \[1\]/landing/erp_invoices/"
        "{compacted/000001-000016-a.parquet,000017/part-00000.parquet}"
    )
