"""The demo company for the end-to-end tests, and what of it was known on an earlier day."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from keyaccounts.demo import generate
from tests.end_to_end.published import Publication, publish_company

DAY, EARLIER = "2026-10-31", "2026-04-30"
# What an entity knew on a day: rows that count, and values that were not there yet.
KNOWN_ROWS = {
    "crm_accounts": "business_day(created_at) <= day",
    "crm_contacts": "account_id in (from crm_accounts select account_id)",
    "crm_account_plans": "account_id in (from crm_accounts select account_id)",
    "crm_account_history": "valid_from <= day "
    "and account_id in (from crm_accounts select account_id)",
    "crm_account_team": "valid_from <= day and account_id in (from crm_accounts select account_id)",
    "crm_contact_links": "from_contact_id in (from crm_contacts select contact_id "
    "where account_id in (from crm_accounts select account_id))",
    "crm_opportunity_contacts": "opportunity_id in (from crm_opportunities select opportunity_id)",
    "crm_opportunity_stages": "entered_on <= day "
    "and opportunity_id in (from crm_opportunities select opportunity_id)",
    "crm_supplier_positions": "stated_on <= day "
    "and account_id in (from crm_accounts select account_id)",
    "crm_internal_requests": "business_day(requested_at) <= day",
    "erp_balance_confirmations": "confirmation_date <= day "
    "and account_id in (from crm_accounts select account_id)",
    "erp_payment_promises": "invoice_id in (from erp_invoices select invoice_id)",
    "crm_activities": "business_day(activity_at) <= day",
    "crm_service_cases": "business_day(opened_at) <= day",
    "crm_opportunities": "opened_on <= day",
    "crm_relationship_evidence": "start_date <= day",
    "erp_orders": "order_date <= day",
    "erp_order_lines": "order_id in (from erp_orders select order_id)",
    "erp_invoices": "invoice_date <= day",
    "erp_invoice_lines": "invoice_id in (from erp_invoices select invoice_id)",
    "erp_payments": "received_date <= day",
    "erp_payment_applications": "applied_date <= day",
    "erp_exchange_rates": "rate_date <= day",
    "erp_gl_balances": "balance_date <= day",
}
KNOWN_VALUES = {
    "crm_accounts": "if(business_day(updated_at) > day, null, exit_type) as exit_type, "
    "if(business_day(updated_at) > day, null, exit_reason) as exit_reason, "
    "if(business_day(updated_at) > day, null, merged_into_account_id) as merged_into_account_id, "
    "if(business_day(updated_at) > day, created_at, updated_at) as updated_at",
    "crm_service_cases": "if(business_day(resolved_at) > day, null, resolved_at) as resolved_at, "
    "if(business_day(first_response_at) > day, null, first_response_at) as first_response_at",
    "crm_opportunities": "if(closed_on > day, null, closed_on) as closed_on, "
    "if(closed_on > day, null, is_won) as is_won",
}


@cache
def demo_company(base: Path) -> Path:
    """Generate the company once below `base` and return its folder of contract files."""
    folder = base / "demo-company"
    generate(folder, accounts=60, months=36, end=date.fromisoformat(DAY))
    return folder


@cache
def demo_publication(base: Path) -> Publication:
    """Publish the demo company once below `base`, undisturbed."""
    return publish_company(base / "undisturbed", demo_company(base), DAY)


def shuffled(source: Path, out: Path) -> Path:
    """Write the same rows in another order."""
    return _rewrite(source, out, lambda entity: f"select * from {entity} order by hash({entity})")


def known_on(source: Path, out: Path, day: str) -> Path:
    """Write what the sources could have said on the evening of `day`."""

    def select(entity: str) -> str:
        values = KNOWN_VALUES.get(entity)
        columns = f"* replace ({values})" if values else "*"
        return f"select {columns} from {entity} where {KNOWN_ROWS.get(entity, 'true')}"

    return _rewrite(source, out, select, day)


def stamped(source: Path, out: Path) -> Path:
    """Write the source with every merge stamped: it is no older than the record merged into."""

    def select(entity: str) -> str:
        if entity != "crm_accounts":
            return f"select * from {entity}"
        return (
            "select a.* replace (greatest(a.updated_at, s.created_at) as updated_at) "
            "from crm_accounts a left join crm_accounts s "
            "on s.account_id = a.merged_into_account_id"
        )

    return _rewrite(source, out, select)


def _rewrite(source: Path, out: Path, select: object, day: str = DAY) -> Path:
    out.mkdir(parents=True)
    con = duckdb.connect()
    con.execute(f"set variable day = date '{day}'")
    con.execute(
        "create macro business_day(t) as "
        "cast(timezone('Asia/Shanghai', timezone('UTC', t)) as date)"
    )
    files = sorted(source.glob("*.parquet"), key=lambda f: ("lines" in f.stem, f.stem))
    for file in files:
        con.execute(f"create table {file.stem} as select * from '{file}'")
    for file in files:
        text = select(file.stem).replace(" day", " getvariable('day')")  # type: ignore[operator]
        con.execute(f"create or replace table {file.stem} as {text}")
        con.execute(f"copy {file.stem} to '{out / file.name}' (format parquet)")
    con.close()
    return out


def copy_home(publication: Publication, home: Path) -> Path:
    """Copy only what readers see of a home: landing and warehouse are built anew."""
    shutil.copytree(publication.settings.published, home / "published", symlinks=True)
    return home
