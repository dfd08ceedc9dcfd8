"""The company that bad rows are laid over: a small demo company, richer by a change of groups.

The account that joins a group is handed over to another owner on the same day, and has stated its
wallet before and after it. Another one was taken over long enough ago to tell what it kept.
Serving its accounts has rates, so that profit is contribution profit.
Its owners neglect a key account sooner than by the rules that come with the project.
Invoices of a large customer came after the last month-ends had been published.
An earlier night had counted a row that was held back.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pyarrow

from keyaccounts import nightly
from keyaccounts.demo import generate
from keyaccounts.landing import quarantine
from keyaccounts.landing.closings import newest_loads, note_closing
from keyaccounts.settings import PROJECT_ROOT
from keyaccounts.warehouse.dbt_process import environment_of
from tests.conftest import Warehouse, build_company, run_at, settings_for, silent

DAY = "2026-10-31"
# A daughter of the demo company; here it stood alone, with another owner, until the spring.
IS_DAUGHTER, JOINED_ON = "account_id = 'A000034'", "2026-03-10"
TAKEN_OVER = "account_id = 'A000017'", "timestamp '2025-06-15'"
ALONE = (
    f"if({TAKEN_OVER[0]}, {TAKEN_OVER[1]}, updated_at) as updated_at, "
    f"if({IS_DAUGHTER}, null, parent_account_id) as parent_account_id, "
    f"if({IS_DAUGHTER}, 'U0003', owner_user_id) as owner_user_id, "
    f"if({IS_DAUGHTER}, 90000, wallet_amount) as wallet_amount, "
    f"if({IS_DAUGHTER}, date '2025-06-30', wallet_as_of_date) as wallet_as_of_date"
)
RATES = "valid_from,kind,amount\n" + "".join(
    f"1900-01-01,{kind},{amount}\n"
    for kind, amount in (("visit", 60), ("call", 5), ("case", 40), ("order", 8), ("return", 30))
)
SOONER = ("neglected_c_activities,10", "neglected_c_activities,2")
# What landed before them; the older month-ends were not published then.
CLOSED_FROM, CLOSED_ON = date(2026, 7, 31), date(2026, 9, 30)
HELD_BACK = ["erp_invoices", "gross_amount", "is not an amount", "contract", 1]
IS_LATE = "account_id = 'A000052' and invoice_date between '2025-10-01' and '2026-09-30'"
JOINED = (
    f"if({IS_DAUGHTER}, timestamp '{JOINED_ON}', "
    f"if({TAKEN_OVER[0]}, {TAKEN_OVER[1]}, updated_at)) as updated_at, "
    f"if({IS_DAUGHTER}, 120000, wallet_amount) as wallet_amount, "
    f"if({IS_DAUGHTER}, date '{JOINED_ON}', wallet_as_of_date) as wallet_as_of_date"
)


@cache
def shared_company(base: Path) -> Warehouse:
    """Build 60 accounts over 36 months below `base`, with two landed versions; once per process."""
    source, home = base / "bad-rows" / "source", base / "bad-rows" / "home"
    source.parent.mkdir()
    generate(source, accounts=60, months=36, end=date.fromisoformat(DAY), lines=60 * 36 * 2)
    file = source / "crm_accounts.parquet"
    accounts = duckdb.read_parquet(str(file)).to_arrow_table()
    _write(accounts, ALONE, file)
    _publish_without_late_invoices(source, home)
    _write(accounts, JOINED, file)
    rules = base / "bad-rows" / "rules"
    rules.mkdir()
    (rules / "cost_to_serve_rates.csv").write_text(RATES, "utf-8")
    limits = (PROJECT_ROOT / "dbt_project" / "seeds" / "alert_rules.csv").read_text("utf-8")
    (rules / "alert_rules.csv").write_text(limits.replace(*SOONER), "utf-8")
    counts = home / quarantine.FOLDER / quarantine.COUNTS
    counts.parent.mkdir()
    counts.write_text(json.dumps({DAY: [HELD_BACK]}), "utf-8")
    with environment_of({"DBT_WRITE_JSON": "true"}):
        return build_company(home, source, DAY, rules_dir=str(rules))


def _publish_without_late_invoices(source: Path, home: Path) -> None:
    file = source / "erp_invoices.parquet"
    every = file.read_bytes()
    early = duckdb.read_parquet(str(file)).filter(f"not ({IS_LATE})").to_arrow_table()
    duckdb.from_arrow(early).write_parquet(str(file))
    settings = settings_for(home, source)
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run_at(CLOSED_ON), entity, silent)
    note_closing(settings, CLOSED_ON, CLOSED_FROM, newest_loads(settings))
    file.write_bytes(every)


def _write(accounts: pyarrow.Table, changed: str, file: Path) -> None:
    rows = duckdb.from_arrow(accounts)
    rows.query("rows", f"select * replace ({changed}) from rows").write_parquet(str(file))
