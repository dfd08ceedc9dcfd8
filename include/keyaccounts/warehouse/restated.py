"""What the model `restatements` compares with, as tables of the schema `landing`."""

from __future__ import annotations

from datetime import date

import duckdb

from keyaccounts.warehouse.closing_values import TIERS, UNITS
from keyaccounts.warehouse.first_published import FirstPublished

TABLES = {
    "first_published": "month_end date, tier_unit_id varchar, net_revenue_amount decimal(18,2), "
    "profit_amount decimal(18,2), tier varchar",
    "first_published_units": "month_end date, account_id varchar, tier_unit_id varchar",
    "late_documents": "month_end date, invoice_id varchar, account_id varchar",
}
"""Columns of the tables: values by month-end and unit, the units of accounts then, documents."""


def create_first_published(con: duckdb.DuckDBPyConnection, first: FirstPublished) -> None:
    """Create the tables; each month-end has the rows of its closing."""
    for name, columns in TABLES.items():
        con.execute(f"create or replace table landing.{name} ({columns})")
    months: dict[int, list[date]] = {}
    for month_end, closing in first.month_ends.items():
        months.setdefault(closing.number, []).append(month_end)
    for number, days in months.items():
        folder = first.values[number]
        listed = ", ".join(f"date '{day}'" for day in days)
        for name, file in (("first_published", TIERS), ("first_published_units", UNITS)):
            con.execute(
                f"insert into landing.{name} select * from read_parquet('{folder / file}') "
                f"where month_end in ({listed})"
            )
        files = [str(file) for step, file in first.steps if step >= number]
        if files:
            con.execute(LATE_DOCUMENTS, {"files": files, "days": days})


# A document that changed and changed back is as it was: the first state before and the last state
# after all steps count. The steps are in the order of their files.
LATE_DOCUMENTS = """
    insert into landing.late_documents
    with steps as (
        select *, list_position($files::varchar[], filename) as step
        from read_parquet($files, filename = true)
    ),
    ends as (
        select
            invoice_id,
            first({'account_id': before_account_id, 'day': before_date, 'digest': before_digest}
                order by step) as then_,
            last({'account_id': after_account_id, 'day': after_date, 'digest': after_digest}
                order by step) as now_
        from steps
        group by invoice_id
    ),
    changed as (
        select invoice_id, unnest([then_, now_]) as side from ends
        where then_.digest is distinct from now_.digest
    )
    select month_end, invoice_id, side.account_id
    from changed
    join (select unnest($days::date[]) as month_end) as months
        on side.day <= month_end and side.day >= date_trunc('month', month_end) - interval 11 month
    where side.digest is not null
    group by all
"""
