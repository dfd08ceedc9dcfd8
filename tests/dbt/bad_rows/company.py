"""The company that bad rows are laid over: a small demo company, richer by a change of groups."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from keyaccounts import nightly
from keyaccounts.demo import generate
from tests.conftest import Warehouse, build_company, run_at, settings_for, silent

DAY = "2026-10-31"
# Named by the demo company as a daughter; here it stood alone until the spring.
DAUGHTER, JOINED_ON = "A000034", "2026-03-10"


@cache
def shared_company(base: Path) -> Warehouse:
    """Build 60 accounts over 36 months below `base`, with two landed versions; once per process."""
    source, home = base / "bad-rows" / "source", base / "bad-rows" / "home"
    source.parent.mkdir()
    generate(source, accounts=60, months=36, end=date.fromisoformat(DAY), lines=60 * 36 * 2)
    file = source / "crm_accounts.parquet"
    accounts = duckdb.sql(f"select * from '{file}'").to_arrow_table()
    try:
        _write(file, f"parent_account_id = if({IS_DAUGHTER}, null, parent_account_id)", accounts)
        nightly.extract(settings_for(home, source), run_at(DAY), "crm_accounts", silent)
        _write(
            file, f"updated_at = if({IS_DAUGHTER}, timestamp '{JOINED_ON}', updated_at)", accounts
        )
    finally:
        del accounts
    return build_company(home, source, DAY)


IS_DAUGHTER = f"account_id = '{DAUGHTER}'"


def _write(file: Path, change: str, accounts: object) -> None:
    column, value = change.split(" = ", 1)
    duckdb.sql(
        f"copy (select * replace ({value} as {column}) from accounts) to '{file}' (format parquet)"
    )
