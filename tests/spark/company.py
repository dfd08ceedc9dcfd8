"""The company that both engines build: the demo company, small, with what real data brings.

Landed on two days, so that some records have two versions; with rules that change; and with rows
that are held back or lose a reference.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from keyaccounts import nightly
from keyaccounts.demo import generate
from keyaccounts.landing.closings import newest_loads, note_closing
from keyaccounts.landing.loads import MANIFEST, all_loads
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from tests.conftest import run_at, settings_for, silent

DAY = date(2026, 10, 20)
CLOSED_FROM, CLOSED = date(2026, 6, 30), date(2026, 9, 30)
# Of these the second day adds to the first; of all others it says all there is.
SEVERAL = ("crm_activities", "erp_invoice_lines")
# What the second day says otherwise, by entity.
SECOND_DAY = {
    # A parent that nobody knows, and an apostrophe in a name.
    "crm_accounts": """
        select * replace (
            case when account_id = 'A000020' then 'nobody' else parent_account_id end
                as parent_account_id,
            case when account_id = 'A000021' then 'L''Été "A|B" \\ / 大' else account_name end
                as account_name,
            case when account_id in ('A000020', 'A000021') then timestamp '2026-10-05 16:30:00'
                else updated_at end as updated_at
        ) from day_one
    """,
    # One key with two contents at one instant: neither counts.
    "crm_contacts": """
        from day_one union all by name
        (select * replace ('other' as department) from day_one order by contact_id limit 1)
    """,
    # A reference that leads nowhere becomes null.
    "crm_activities": """
        select * replace (
            case when activity_id = (select min(activity_id) from day_one) then 'nobody'
                else contact_id end as contact_id
        ) from day_one
    """,
    # Corrected amounts restate closed months.
    "erp_invoice_lines": """
        select * replace (
            case when invoice_line_id like '%77-1' then cast(net_amount + 10 as decimal(18,2))
                else net_amount end
                as net_amount
        ) from day_one
    """,
    # A bad value is held back at the landing, an older version of a document is passed over.
    "erp_invoices": """
        select * replace (
            case when invoice_id = (select max(invoice_id) from day_one) then 'odd'
                else document_type end as document_type
        ) from day_one
        union all by name
        (select * replace (gross_amount + 1 as gross_amount, timestamp '2020-01-01' as updated_at)
        from day_one order by invoice_id limit 1)
    """,
}


def settings(folder: Path, name: str, **more: object) -> Settings:
    """Return the settings of one home below `folder`, with the changed rules."""
    rules = folder / "rules"
    if not rules.is_dir():
        _write_rules(rules)
    return settings_for(folder / name, folder / "source_1", rules_dir=str(rules), **more)


def write_source(folder: Path) -> None:
    """Write the files of both days to `source_1` and `source_2`."""
    generate(folder / "source_1", accounts=60, months=30, end=date(2026, 10, 31))
    (folder / "source_2").mkdir()
    con = duckdb.connect()
    try:
        for file in (folder / "source_1").glob("*.parquet"):
            con.execute(f"create or replace table day_one as from read_parquet('{file}')")
            has_stamp = con.execute(
                "select 1 from duckdb_columns() where column_name = 'updated_at'"
            ).fetchall()
            if not has_stamp:
                con.execute("alter table day_one add column updated_at timestamp")
            select = SECOND_DAY.get(file.stem, "from day_one")
            con.execute(f"copy ({select}) to '{folder / 'source_2' / file.name}' (format parquet)")
    finally:
        con.close()


def land(folder: Path, to: Settings) -> Run:
    """Land both days, one after the other, and return the run of the second."""
    for number, day in ((1, CLOSED), (2, DAY)):
        from_day = replace(to, source=folder / f"source_{number}")
        for entity in nightly.planned_entities(from_day, silent):
            nightly.extract(from_day, run_at(day), entity, silent)
        if day == CLOSED:
            # As if it had been published then: the second day restates it.
            note_closing(to, day, CLOSED_FROM, newest_loads(to))
    _as_if_incremental(to)
    return run_at(DAY)


def _as_if_incremental(to: Settings) -> None:
    """Let the rows of both days count: of each the newest version, wherever one looks."""
    for entity in SEVERAL:
        manifest = all_loads(to, entity)[-1].folder / MANIFEST
        facts = json.loads(manifest.read_text("utf-8"))
        manifest.write_text(json.dumps({**facts, "mode": "incremental"}), "utf-8")


def _write_rules(folder: Path) -> None:
    """Tighter tiers in the last months, a channel with an apostrophe, and costs to serve."""
    folder.mkdir(parents=True)
    seeds = PROJECT_ROOT / "dbt_project" / "seeds"
    tiers = (seeds / "tier_config.csv").read_text("utf-8")
    later = tiers.splitlines()[1].replace("1900-01-01", "2026-06-01").replace("0.8000", "0.7000")
    (folder / "tier_config.csv").write_text(f"{tiers}{later}\n", "utf-8")
    channels = (seeds / "channel_config.csv").read_text("utf-8")
    (folder / "channel_config.csv").write_text(f"{channels}l'été,false,true\n", "utf-8")
    rates = (seeds / "cost_to_serve_rates.csv").read_text("utf-8")
    kinds = (("visit", 400), ("call", 60), ("case", 250), ("order", 45), ("return", 180))
    rows = "".join(f"1900-01-01,{kind},{amount}\n" for kind, amount in kinds)
    # Another rate from a day inside a month on.
    (folder / "cost_to_serve_rates.csv").write_text(
        f"{rates}{rows}2026-03-11,visit,425.50\n", "utf-8"
    )
