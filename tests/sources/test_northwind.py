"""Northwind in Postgres by the documented mapping lands what its files land, row by row."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from keyaccounts import nightly
from keyaccounts.landing.loads import loads_in_play, rows_sql
from keyaccounts.settings import Settings
from tests.conftest import SHARED_DATA, run_at, settings_for, silent
from tests.end_to_end.mapping import map_source
from tests.postgres import Server

NORTHWIND = SHARED_DATA / "northwind"
EXAMPLE = Path(__file__).parents[2] / "docs" / "northwind" / "sources.yml"
AS_OF = "1998-05-31"

pytestmark = pytest.mark.skipif(not NORTHWIND.is_dir(), reason="no ../shared/data/northwind")


def test_the_example_of_the_documentation_lands_northwind(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _create(server)
    monkeypatch.setenv("NORTHWIND_URL", server.url("northwind"))
    by_sql = settings_for(tmp_path / "sql", sources=str(EXAMPLE), base_currency="USD")
    files = map_source("northwind", NORTHWIND, tmp_path / "files")
    by_files = settings_for(tmp_path / "csv", files, base_currency="USD")
    landed = nightly.extract_all(by_sql, run_at(AS_OF), log=silent)
    for entity in nightly.planned_entities(by_files):
        nightly.extract(by_files, run_at(AS_OF), entity, silent)
    assert {e["entity"]: (e["source_rows"], e["rows"], e["quarantined"]) for e in landed} == {
        "crm_accounts": (91, 91, 0),
        "crm_users": (9, 9, 0),
        "crm_contacts": (91, 91, 0),
        "erp_products": (77, 77, 0),
        "erp_invoices": (830, 830, 0),
        "erp_invoice_lines": (2155, 2155, 0),
    }
    for said in landed:
        name = said["entity"]
        assert _rows(by_sql, name) == _rows(by_files, name), name


def _create(server: Server) -> None:
    for database, sql in (
        ("postgres", "create database northwind"),
        ("northwind", gzip.decompress((NORTHWIND / "northwind.sql.gz").read_bytes()).decode()),
    ):
        con = psycopg2.connect(server.url(database))
        con.autocommit = True
        with con.cursor() as cursor:
            cursor.execute(sql)
        con.close()


def _rows(settings: Settings, entity: str) -> list[tuple[Any, ...]]:
    con = duckdb.connect()
    try:
        rows = rows_sql(loads_in_play(settings, entity))
        return con.execute(f"select * exclude (_row, _load) from {rows} order by all").fetchall()
    finally:
        con.close()
