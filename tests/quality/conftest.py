"""Small landings and small warehouses, and suites cut down to one expectation."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts.contract import load_contract
from keyaccounts.landing import land
from keyaccounts.landing.resolve import resolve
from keyaccounts.quality import check
from keyaccounts.settings import Run, Settings
from keyaccounts.warehouse.landing_schema import lay_out
from tests.conftest import run_at, settings_for

Rows = Iterable[Mapping[str, object]]
DAY = "2026-06-30"


def deliver(settings: Settings, run: Run, **entities: Rows) -> None:
    """Land the rows of entities as new loads; an entity without rows lands with a header only."""
    assert settings.source is not None
    settings.source.mkdir(parents=True, exist_ok=True)
    for name, rows in entities.items():
        columns = [column.name for column in load_contract()[name].columns]
        with (settings.source / f"{name}.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(rows)
        land(settings, run, name)


def company(count: int = 24) -> dict[str, list[dict[str, object]]]:
    """A company with an account, an invoice, a line, a payment and an application per number."""
    numbers = range(count)
    return {
        "crm_users": [{"user_id": "U1", "user_name": "Ann", "email": "ann@our.example"}],
        "crm_accounts": [
            {"account_id": f"A{n}", "account_name": f"Company {n}", "owner_user_id": "U1"}
            for n in numbers
        ],
        "erp_orders": [
            {"order_id": f"O{n}", "account_id": f"A{n}", "order_date": "2026-06-01",
             "currency_code": "CNY", "status": "completed"}
            for n in numbers
        ],
        "erp_invoices": [
            {"invoice_id": f"I{n}", "account_id": f"A{n}", "document_type": "invoice",
             "invoice_date": "2026-06-10", "gross_amount": "113"}
            for n in numbers
        ],
        "erp_invoice_lines": [
            {"invoice_line_id": f"L{n}", "invoice_id": f"I{n}", "net_amount": "100"}
            for n in numbers
        ],
        "erp_payments": [
            {"payment_id": f"P{n}", "account_id": f"A{n}", "received_date": "2026-06-20",
             "amount": "113"}
            for n in numbers
        ],
        "erp_payment_applications": [
            {"application_id": f"X{n}", "application_type": "payment", "amount": "113",
             "source_document_id": f"P{n}", "invoice_id": f"I{n}", "applied_date": "2026-06-20"}
            for n in numbers
        ],
    }  # fmt: skip


def publish(settings: Settings, run: Run, rows: Mapping[str, int] | None = None) -> str:
    """Write the manifest of a publication of a run; return its version."""
    version = f"000001_{run.as_of_date}"
    folder = settings.published / "current"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "version": version,
        "as_of_date": str(run.as_of_date),
        "published_at": run.wall_time.isoformat(timespec="seconds"),
        "marts": {name: {"rows": count} for name, count in (rows or {}).items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return version


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Settings of an empty home with a source folder."""
    (tmp_path / "source").mkdir()
    return settings_for(tmp_path / "home", tmp_path / "source")


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Cut both suites down to one expectation."""

    def cut(name: str) -> None:
        for maker in ("landing_suite", "marts_suite"):
            original = getattr(check, maker)

            def less(*arguments: Any, _original: Any = original) -> Any:
                suite = _original(*arguments)
                kept = tuple(e for e in suite.expectations if e.name == name)
                needed = {e.measure for e in kept}
                measures = tuple(m for m in suite.measures if m.name in needed)
                return replace(suite, expectations=kept, measures=measures)

            monkeypatch.setattr(check, maker, less)

    return cut


class Marts:
    """A small warehouse with what the suite of the marts reads; statements change it."""

    def __init__(self, settings: Settings, run: Run) -> None:
        self.settings, self.run = settings, run

    def change(self, statement: str) -> None:
        """Run one statement over the warehouse."""
        con = duckdb.connect(str(self.settings.warehouse))
        try:
            con.execute(statement)
        finally:
            con.close()


@pytest.fixture
def marts(home: Settings) -> Marts:
    """A1 bought 100 and 10 USD at 7; what else landed does not count for one reason each."""
    run = run_at(DAY)
    deliver(
        home,
        run,
        crm_users=[{"user_id": "U1", "user_name": "Ann", "email": "ann@our.example"}],
        crm_contacts=[{"contact_id": "C1", "account_id": "A1", "email": "bo@theirs.example"}],
        crm_accounts=[
            {"account_id": "A1", "account_name": "One"},
            {"account_id": "IN", "account_name": "Us", "is_internal": "true"},
        ],
        erp_exchange_rates=[
            {"currency_code": "USD", "rate_date": "2026-01-10", "rate_to_base": "7"},
            {"currency_code": "USD", "rate_date": "2026-01-16", "rate_to_base": "8"},
        ],
        erp_invoices=[
            _invoice("GOOD", gross_amount="100"),
            _invoice("USD", gross_amount="10", currency_code="USD"),
            _invoice("VOID", status="void"),
            _invoice("GONE", is_deleted="true"),
            _invoice("IN", account_id="IN"),
            _invoice("OLD", invoice_date="2025-06-30"),
            _invoice("LATE", invoice_date="2026-07-01"),
            _invoice("TWICE", gross_amount="0", updated_at="2026-01-01 00:00:00"),
            _invoice("TWICE", status="void", updated_at="2026-01-02 00:00:00"),
        ],
        erp_invoice_lines=[
            _line(name, net)
            for name, net in {
                "GOOD": "100", "USD": "10", "VOID": "1", "GONE": "2", "IN": "4", "OLD": "8",
                "LATE": "16", "TWICE": "32",
            }.items()
        ],
        erp_payments=[
            {"payment_id": "P1", "account_id": "A1", "received_date": "2026-02-01", "amount": "30"}
        ],
        erp_payment_applications=[
            {"application_id": "X1", "application_type": "payment", "source_document_id": "P1",
             "invoice_id": "GOOD", "applied_date": "2026-02-01", "amount": "30"}
        ],
    )  # fmt: skip
    held_back = replace(home, max_quarantine_share=0.5)
    state = lay_out(held_back, resolve(held_back))
    target = home.home / "warehouse" / "target"
    target.mkdir(parents=True)
    (target / "build_state.json").write_text(json.dumps({"variables": state}), "utf-8")
    built = Marts(home, run)
    built.change(WAREHOUSE)
    return built


def _invoice(name: str, **more: str) -> dict[str, object]:
    return {
        "invoice_id": name, "account_id": "A1", "document_type": "invoice",
        "invoice_date": "2026-01-15", "gross_amount": "1000", **more,
    }  # fmt: skip


def _line(invoice: str, net: str) -> dict[str, object]:
    return {"invoice_line_id": f"L-{invoice}", "invoice_id": invoice, "net_amount": net}


WAREHOUSE = """
    create schema staging; create schema marts;
    create table staging.stg_crm__account_versions as
        select account_id, coalesce(is_internal, false) as is_internal,
            date '1900-01-01' as valid_from, date '9999-12-31' as valid_to
        from landing.crm_accounts;
    create table staging.stg_erp__invoices as
        select 'GOOD' as invoice_id, 'invoice' as document_type, 'CNY' as currency_code,
            100.00 as gross_amount, null::date as voided_on
        union all select 'PAID', 'invoice', 'CNY', 5.00, null
        union all select 'USD', 'invoice', 'USD', 10.00, null
        union all select 'NOTE', 'credit_note', 'CNY', -9.00, null;
    create table staging.stg_erp__payment_applications as
        select 'GOOD' as invoice_id, 30.00 as amount, 'payment' as application_type,
            null::varchar as source_document_id
        union all select 'PAID', 7.00, 'payment', null;
    create table marts.accounts as
        select date '2026-06-30' as as_of_date, account_id, account_name,
            account_id as tier_unit_id, true as is_tier_unit,
            coalesce(is_internal, false) as is_internal, 'Ann' as owner_name
        from landing.crm_accounts;
    create table marts.account_tiers as
        select date '2026-06-30' as month_end, 'A1' as tier_unit_id,
            170.00 as ttm_net_revenue_amount, 'gross_profit' as measure_used
        union all select date '2026-05-31', 'A1', 170.00, 'net_revenue';
    create table marts.receivables_open_items as
        select date '2026-06-30' as as_of_date, 'GOOD' as invoice_id,
            'CNY' as document_currency_code, 70.00 as open_document_amount, 70.00 as open_amount
        union all select date '2026-06-30', 'USD', 'USD', 10.00, 70.00;
"""
