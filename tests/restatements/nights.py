"""Nights of a random company: landed, resolved and closed as ever, the models run without dbt.

dbt takes most of the time of a small build, so the models that the tiers and `restatements` rest on
are run as text (`tests/properties/compiled.py`), in the warehouse that the step `build` lays out.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from keyaccounts.contract import load_contract
from keyaccounts.landing import closings, land
from keyaccounts.landing.resolve import resolve
from keyaccounts.settings import Run, Settings
from keyaccounts.warehouse.closing_values import basis_of
from keyaccounts.warehouse.first_published import NOTHING, close, first_published
from keyaccounts.warehouse.landing_schema import lay_out
from tests.conftest import run_at, settings_for, silent
from tests.properties.compiled import SOME_DAY, project_for
from tests.properties.harness import ARROW_TYPES, Row, seeds

LANDED = (
    "crm_accounts", "erp_exchange_rates", "erp_invoice_lines", "erp_invoices", "erp_orders",
    "erp_payment_applications", "erp_payments", "erp_products",
)  # fmt: skip
Source = dict[str, list[Row]]


@dataclass(frozen=True)
class Night:
    """What one night published, and what it knew of the documents."""

    day: date
    tiers: dict[tuple[date, str], Row]
    """Rows of `account_tiers` by month-end and unit."""
    restatements: list[Row]
    documents: dict[str, tuple[str, date, Any]]
    """Account, date and all else that counts of each document that counts."""
    units: dict[tuple[date, str], str]
    """The unit of each external account at each month-end."""


class Home:
    """The home of one company, with its rules."""

    def __init__(self, folder: Path, rules: Mapping[str, list[Row]]) -> None:
        """`folder` gets the home and the files of the source."""
        self.folder, self.rules = folder, rules
        self.settings = settings_for(
            folder / "home", _made(folder / "source"), max_quarantine_share=1.0, threads=1
        )
        self.rebuilt: list[date] = []
        """Days as of which tiers of then were built anew."""

    def night(self, source: Source | None, day: date) -> Night:
        """Land the source (None: nothing new), build, and publish."""
        run = run_at(day)
        if source is not None:
            self._land(source, run)
        verdict = resolve(self.settings)
        basis = basis_of(self.settings, "fast")
        first = first_published(self.settings, run, basis, verdict.folder, self._build_then, silent)
        lay_out(self.settings, verdict, first)
        self._models(self.settings, day, ["restatements"])
        night = self._read(day)
        state = {
            "variables": {"as_of_date": day.isoformat()},
            "loads": closings.newest_loads(self.settings),
            "landing": verdict.fingerprint,
            "basis": basis,
        }
        months = [month_end for month_end, _ in night.tiers]
        close(self.settings, state, min(months).isoformat() if months else None)
        return night

    def forget(self) -> None:
        """Delete all that is derived."""
        shutil.rmtree(self.settings.home / "warehouse")

    def _land(self, source: Source, run: Run) -> None:
        for entity in LANDED:
            columns = load_contract()[entity].columns
            rows = source[entity]
            arrays = [pa.array([r.get(c.name) for r in rows], ARROW_TYPES[c.type]) for c in columns]
            table = pa.Table.from_arrays(arrays, [c.name for c in columns])
            pq.write_table(table, self.folder / "source" / f"{entity}.parquet")
            land(self.settings, run, entity)

    def _build_then(self, old: Settings, day: date) -> Path:
        self.rebuilt.append(day)
        verdict = resolve(old)
        lay_out(old, verdict, NOTHING)
        self._models(old, day, ["account_tiers"])
        return verdict.folder

    def _models(self, settings: Settings, day: date, wanted: list[str]) -> None:
        project = project_for(LANDED)
        con = duckdb.connect(str(settings.warehouse), config={"threads": 1})
        try:
            for schema in ("rules", "staging", "intermediate", "marts"):
                con.execute(f"create schema if not exists {schema}")
            for name, (types, own) in seeds().items():
                columns = ", ".join(f"{column} {kind}" for column, kind in types.items())
                con.execute(f"create or replace table rules.{name} ({columns})")
                for row in self.rules.get(name, own):
                    marks = ", ".join("?" for _ in types)
                    values = [str(row[column]) for column in types]
                    con.execute(f"insert into rules.{name} values ({marks})", values)
            for name in project.upstream(wanted):
                node = project.models[name]
                kind = "view" if node.is_view else "table"
                text = node.sql.replace(SOME_DAY, day.isoformat())
                con.execute(f"create or replace {kind} {node.schema}.{node.name} as {text}")
        finally:
            con.close()

    def _read(self, day: date) -> Night:
        con = duckdb.connect(str(self.settings.warehouse), read_only=True)
        try:
            tiers = _records(con, "select * from marts.account_tiers")
            documents = con.execute(
                """
                with lines as (
                    select invoice_id, list_sort(list(
                        (invoice_line_id, product_id, net_amount, cogs_amount)
                    )) as content
                    from staging.stg_erp__invoice_lines group by invoice_id
                )
                select invoice_id, account_id, invoice_date,
                    (document_type, currency_code, gross_amount, order_id, content)
                from staging.stg_erp__invoices left join lines using (invoice_id)
                where voided_on is null
                """
            ).fetchall()
            units = con.execute(
                "select month_end, account_id, tier_unit_id "
                "from intermediate.int_identity__account_units "
                "join intermediate.int_calendar__month_ends using (epoch_date) "
                "where not is_internal"
            ).fetchall()
            return Night(
                day,
                {(row["month_end"], row["tier_unit_id"]): row for row in tiers},
                _records(con, "select * from marts.restatements order by all"),
                {name: (account, on, str(rest)) for name, account, on, rest in documents},
                {(month_end, account): unit for month_end, account, unit in units},
            )
        finally:
            con.close()


def _records(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    result = con.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
