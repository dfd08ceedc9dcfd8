"""Which documents one state of the landing says otherwise than an earlier one.

A document is a posted invoice or credit note that is not held back. It is compared by what net
revenue, profit and tier rest on: its account, type, date, currency, gross amount and order, and
of each line the product, the net amount and the cost. A later due date, dispute, quantity or list
price restates none of them.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from keyaccounts.landing.loads import Load, row_digest, rows_sql
from keyaccounts.settings import Settings

HEADER = (
    "account_id, document_type, invoice_date, coalesce(currency_code, '{base_currency}'), "
    "gross_amount, order_id"
)
LINE = "invoice_line_id, product_id, net_amount, cogs_amount"
KEYS = {"erp_invoices": "invoice_id", "erp_invoice_lines": "invoice_line_id"}
SIDES = ("before", "after")


@dataclass(frozen=True)
class State:
    """One state of the landing: the loads in play by entity, and the verdict on their rows."""

    loads: dict[str, list[Load]]
    verdict: Path
    """Folder with rejected.parquet and resolution.json (`landing/resolve.py`)."""


def write_changes(settings: Settings, before: State, after: State, until: date, file: Path) -> None:
    """Write the documents dated up to `until` that differ between two states, one row each.

    Columns: invoice_id, then for each side its account, date and digest; all null on the side
    where there is no such document up to `until`.
    """
    spill = file.with_suffix(".spill")
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        con.execute(f"set temp_directory = '{spill}'")
        for side, state in zip(SIDES, (before, after), strict=True):
            _create_views(con, side, state, until, settings.base_currency)
        # Lines are summed up without a look at their documents: what a later document has is
        # dropped with it, and that of all others is there in both.
        con.execute(
            """
            create temp table changed as
            with parts as (
                select invoice_id, 0 as side, digest from before_documents
                union all select invoice_id, 0, digest from before_lines
                union all select invoice_id, 1, digest from after_documents
                union all select invoice_id, 1, digest from after_lines
            )
            select
                invoice_id,
                cast(sum(digest) filter (side = 0) as decimal(38,0)) as before_digest,
                cast(sum(digest) filter (side = 1) as decimal(38,0)) as after_digest
            from parts
            group by invoice_id
            having before_digest is distinct from after_digest
            """
        )
        con.execute(
            f"""
            copy (
                select
                    invoice_id,
                    b.account_id as before_account_id,
                    b.invoice_date as before_date,
                    case when b.invoice_id is not null then before_digest end as before_digest,
                    a.account_id as after_account_id,
                    a.invoice_date as after_date,
                    case when a.invoice_id is not null then after_digest end as after_digest
                from changed
                left join before_documents as b using (invoice_id)
                left join after_documents as a using (invoice_id)
                where b.invoice_id is not null or a.invoice_id is not null
                order by invoice_id
            ) to '{file}' (format parquet)
            """
        )
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)


def _create_views(
    con: duckdb.DuckDBPyConnection, side: str, state: State, until: date, base_currency: str
) -> None:
    header = HEADER.format(base_currency=base_currency)
    documents = _current_rows(state, "erp_invoices")
    lines = _current_rows(state, "erp_invoice_lines")
    con.execute(
        f"create temp view {side}_documents as "
        f"select invoice_id, account_id, invoice_date, {row_digest(header)} as digest "
        f"from ({documents}) where invoice_date <= date '{until}' "
        "and coalesce(status, 'posted') = 'posted'"
    )
    con.execute(
        f"create temp view {side}_lines as "
        f"select invoice_id, {row_digest(LINE)} as digest from ({lines})"
    )


def _current_rows(state: State, entity: str) -> str:
    """Return a select over what counts of an entity: as the staging models read it."""
    found = json.loads((state.verdict / "resolution.json").read_text("utf-8"))[entity]
    rows = f"select * from {rows_sql(state.loads[entity])}"
    if not found["is_unique"]:
        rows += (
            f" qualify row_number() over (partition by {KEYS[entity]} "
            "order by updated_at desc nulls last, _load desc, _row) = 1"
        )
    counted = f"select * from ({rows}) as r where is_deleted is not true"
    if found["rejected"] or found["followers"]:
        counted += (
            f" and not exists (select 1 from read_parquet('{state.verdict / 'rejected.parquet'}') "
            f"as h where h.entity = '{entity}' and h._load = r._load and h._row = r._row)"
        )
    return counted
