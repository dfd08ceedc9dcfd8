"""Nights of a company: extract, stage, and compare with what its database holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts import nightly
from keyaccounts.landing.loads import all_loads, loads_in_play, rows_sql
from keyaccounts.landing.resolve import resolve
from keyaccounts.quality.counts import Count, counted
from keyaccounts.settings import Run, Settings
from keyaccounts.warehouse.build import run_dbt
from keyaccounts.warehouse.landing_schema import lay_out
from tests.conftest import run_at, settings_for, silent
from tests.sources.company import SOURCES, ZONE, Company

ACCOUNT = "lpad({}::text, 5, '0')"
COUNTS = "coalesce(state, 'posted') = 'posted' or modified::date > day"
EXPECTED = {
    "crm_users": "select id::text, name, dept from crm.person",
    "erp_products": "select sku, title, family from sales.item",
    "erp_invoices": f"""
        select id::text, {ACCOUNT.format("customer")},
            case kind when 'R' then 'invoice' when 'G' then 'credit_note' else kind end,
            day, due, 'EUR', total
        from sales.document where ({COUNTS}) and day <= %s
    """,
    "erp_invoice_lines": """
        select document || '-' || no, document::text, sku, round(net, 2), round(cost, 2)
        from sales.position where document in (select id from sales.document)
    """,
    "crm_activities": f"""
        select id::text, {ACCOUNT.format("customer")}, (at at time zone 'UTC'), kind
        from sales.activity where (at at time zone '{ZONE}')::date <= %s
    """,
}
STAGED = {
    "crm_users": "user_id, user_name, department",
    "erp_products": "product_id, product_name, product_family",
    "erp_invoices": "invoice_id, account_id, document_type, invoice_date, due_date, "
    "currency_code, gross_amount",
    "erp_invoice_lines": "invoice_line_id, invoice_id, product_id, net_amount, cogs_amount",
    "crm_activities": "activity_id, account_id, activity_at, channel",
}


@dataclass
class Nights:
    """A home that follows a company night by night."""

    company: Company
    home: Path
    sources: str = SOURCES
    log: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings of the home."""
        file = self.company.sources(self.home.parent / "conf", self.sources)
        return settings_for(self.home, sources=str(file), timezone=ZONE, base_currency="EUR")

    @property
    def run(self) -> Run:
        """The run for the company's day."""
        return run_at(self.company.day)

    def extract(self, *entities: str, **told: frozenset[str]) -> dict[str, dict[str, Any]]:
        """Land the entities, or all; return what each extraction said."""
        self.log.clear()
        found = nightly.extract_all(
            self.settings, self.run, entities, self.log.append, nightly.Told(**told)
        )
        return {landed["entity"]: landed for landed in found}

    def stage(self) -> None:
        """Build the staging models over what has landed."""
        resolution = resolve(self.settings)
        variables = {
            "as_of_date": str(self.company.day),
            "base_currency": "EUR",
            "timezone": ZONE,
            "max_rate_age_days": 10,
            **lay_out(self.settings, resolution),
        }
        command = ["run", "--select", "staging", "--vars", json.dumps(variables)]
        failed = [n.name for n in run_dbt(self.settings, command, silent) if n.is_bad]
        assert failed == []

    def staged(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query over the warehouse."""
        con = duckdb.connect(str(self.settings.warehouse), read_only=True)
        try:
            return con.execute(sql).fetchall()
        finally:
            con.close()

    def landed(self, entity: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the live rows of an entity, newest versions only, as the staging reads them."""
        loads = loads_in_play(self.settings, entity)
        key = {"erp_invoice_lines": "invoice_line_id", "erp_invoices": "invoice_id"}.get(
            entity, STAGED.get(entity, "account_id").split(",")[0]
        )
        con = duckdb.connect()
        try:
            return con.execute(
                f"select {columns} from (select * from {rows_sql(loads)} qualify row_number() "
                f"over (partition by {key} order by updated_at desc nulls last, _load desc, _row) "
                f"= 1) where is_deleted is not true order by all"
            ).fetchall()
        finally:
            con.close()

    def expected(self, entity: str, *, is_void: bool = False) -> list[tuple[Any, ...]]:
        """Return what staging must hold by the company's own database; with void documents too."""
        sql = EXPECTED[entity]
        if is_void:
            sql = sql.replace(COUNTS, "true")
        return self.company.execute(sql, *([self.company.day] if "%s" in sql else []))

    def compare(self) -> None:
        """Assert that staging says what the database says, row by row, and that counts agree."""
        for entity, columns in STAGED.items():
            model = "stg_" + entity.replace("_", "__", 1)
            found = Counter(self.staged(f"select {columns} from staging.{model}"))
            expected = Counter(self.expected(entity))
            assert (found - expected, expected - found) == ({}, {}), entity
        accounts = self.staged(
            "select account_id, account_name, parent_account_id, owner_user_id, "
            "credit_limit_amount from staging.stg_crm__account_versions "
            "where valid_to > date '2100-01-01' order by 1"
        )
        assert accounts == self.company.execute(
            "select lpad(id::text, 5, '0'), name, lpad(parent::text, 5, '0'), owner::text, "
            "credit_limit from crm.customer order by 1"
        )
        assert [fault for count in self.counts() for fault in count.faults] == []

    def counts(self) -> list[Count]:
        """Return the three numbers of each entity."""
        return counted(self.settings, self.run, resolve(self.settings))

    def loads(self, entity: str) -> int:
        """Return how many loads an entity has."""
        return len(all_loads(self.settings, entity))
