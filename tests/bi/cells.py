"""What the lists of Superset show of an account, without a Superset."""

from __future__ import annotations

import duckdb

from keyaccounts.bi.datasets import sql_of
from keyaccounts.bi.definition import datasets


def account_cell(name: str) -> str:
    """Return the cell of an account with this name, as the datasets make it."""
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        "create table marts.accounts as select 'A1' as account_id, ? as account_name, null as "
        "owner_user_id, null as owner_name, 'x' as channel, null as region, null as tier",
        [name],
    )
    con.execute(
        "create table marts.service_levels as select 'A1' as account_id, "
        "date '2026-01-31' as month_end"
    )
    ((cell,),) = con.execute(
        f"select account from ({sql_of(datasets()['service'], 'EUR')})"
    ).fetchall()
    con.close()
    return str(cell)
