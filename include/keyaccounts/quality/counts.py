"""Rows are counted at the source, in the landing and in staging, and the three must agree.

Each is counted where it lies: by the source when it was read, over the landed files, and over the
views that the build made. What lies between two of them has a name: held back, repeated, not of the
day. Only entities that a system of `sources.yml` counted are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from keyaccounts.contract import Entity, load_contract
from keyaccounts.errors import CheckFailedError
from keyaccounts.landing.loads import Load, loads_in_play, rows_sql
from keyaccounts.landing.positions import read_position
from keyaccounts.landing.resolve import Resolution
from keyaccounts.settings import Run, Settings

Log = Callable[[str], None]
STAGED = {
    "crm_users": "true",
    "crm_contacts": "true",
    "crm_activities": "{business_day}(activity_at) <= {day}",
    "crm_opportunities": "opened_on <= {day}",
    "crm_opportunity_stages": "entered_on <= {day}",
    "crm_relationship_evidence": "start_date <= {day}",
    "crm_service_cases": "{business_day}(opened_at) <= {day}",
    "crm_account_history": "true",
    "crm_account_team": "valid_from <= {day}",
    "crm_contact_links": "true",
    "crm_internal_requests": "{business_day}(requested_at) <= {day}",
    "crm_opportunity_contacts": "true",
    "crm_supplier_positions": "stated_on <= {day}",
    "erp_products": "true",
    "erp_orders": "order_date <= {day}",
    "erp_order_lines": "true",
    "erp_invoices": "invoice_date <= {day} "
    "and (coalesce(status, 'posted') = 'posted' or voided_on > invoice_date)",
    "erp_invoice_lines": "true",
    "erp_payments": "received_date <= {day}",
    "erp_payment_applications": "applied_date <= {day}",
    "erp_payment_promises": "true",
    "erp_plants": "true",
    "erp_exchange_rates": "rate_date <= {day}",
    "erp_gl_balances": "balance_date <= {day}",
    "erp_balance_confirmations": "confirmation_date <= {day}",
}
"""Entities with a staging model of their own grain, and which rows belong to a day."""


@dataclass(frozen=True)
class Count:
    """The numbers of one entity. `source` and `staging` are None where they are not known.

    source = landed + held_back + repeated; landed = staging + rejected + other_days.
    """

    entity: str
    source: int | None
    held_back: int
    repeated: int
    landed: int
    rejected: int
    other_days: int
    staging: int | None

    @property
    def faults(self) -> list[str]:
        """What does not add up, in words."""
        found = []
        if self.source is not None and self.source != self.landed + self.held_back + self.repeated:
            found.append(
                f"{self.entity}: {self.source} rows at the source, {self.landed} landed, "
                f"{self.held_back} held back, {self.repeated} repeated"
            )
        if self.staging is not None and self.landed != (
            self.staging + self.rejected + self.other_days
        ):
            found.append(
                f"{self.entity}: {self.landed} rows landed, {self.staging} in staging, "
                f"{self.rejected} held back by other rows, {self.other_days} not of the day"
            )
        return found


def check_counts(
    settings: Settings, run: Run, resolution: Resolution, log: Log
) -> list[dict[str, Any]]:
    """Count and compare; raises CheckFailedError that names each entity that does not add up."""
    counts = counted(settings, run, resolution)
    for count in counts:
        told = f"{count.source} at the source, " if count.source is not None else ""
        staged = f", {count.staging} in staging" if count.staging is not None else ""
        log(f"  {count.entity}: {told}{count.landed} landed{staged}")
    faults = [fault for count in counts for fault in count.faults]
    if faults:
        raise CheckFailedError(
            "rows were lost or invented on the way, nothing is published. " + "; ".join(faults)
        )
    return [asdict(count) for count in counts]


def counted(settings: Settings, run: Run, resolution: Resolution) -> list[Count]:
    """Return the numbers of every entity that a system of `sources.yml` counted."""
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        con.execute(f"set temp_directory = '{settings.scratch}'")
        is_here = settings.engine == "duckdb" and settings.warehouse.is_file()
        if is_here:
            # The views of dbt name the database by the stem of its file.
            con.execute(f"attach '{settings.warehouse}' as {settings.warehouse.stem} (read_only)")
        found = []
        for entity in load_contract().values():
            loads = loads_in_play(settings, entity.name)
            if loads and "source_rows" in loads[-1].manifest:
                found.append(_count(con, settings, run, entity, loads, resolution, is_here))
        return found
    finally:
        con.close()


def _count(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    run: Run,
    entity: Entity,
    loads: list[Load],
    resolution: Resolution,
    is_here: bool,
) -> Count:
    position = read_position(settings, entity.name)
    is_unique = resolution.entities[entity.name].is_unique
    newest = f"select * from {rows_sql(loads)}"
    if not is_unique:
        newest += (
            f" qualify row_number() over (partition by {', '.join(entity.keys)} "
            "order by updated_at desc nulls last, _load desc, _row) = 1"
        )
    of_day = STAGED.get(entity.name, "true").format(
        day=f"date '{run.as_of_date}'", business_day="business_day"
    )
    con.execute(
        "create or replace temp macro business_day(t) as "
        f"cast(timezone('{settings.timezone}', timezone('UTC', t)) as date)"
    )
    [(landed, rejected, other)] = con.execute(
        f"""
        with counting as (
            select n.*, (n._load, n._row) in (
                select (_load, _row) from read_parquet('{resolution.folder / "rejected.parquet"}')
                where entity = '{entity.name}'
            ) as is_rejected
            from ({newest}) as n where n.is_deleted is not true
        )
        select count(*), count(*) filter (is_rejected),
            count(*) filter (not is_rejected and ({of_day}) is not true)
        from counting
        """
    ).fetchall()
    source, held, repeated = None, 0, 0
    if position is not None and position.live is not None:
        source, held = position.live, position.held
        if not is_unique and len(loads) == 1:
            [(live,)] = con.execute(
                f"select count(*) from {rows_sql(loads)} where is_deleted is not true"
            ).fetchall()
            repeated = live - landed
    staging = None
    if is_here and entity.name in STAGED:
        model = "stg_" + entity.name.replace("_", "__", 1)
        [(staging,)] = con.execute(
            f"select count(*) from {settings.warehouse.stem}.staging.{model}"
        ).fetchall()
    return Count(entity.name, source, held, repeated, landed, rejected, other, staging)
