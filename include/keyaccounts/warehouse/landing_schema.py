"""Lay the landed loads out as the schema `landing` that the dbt sources name."""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from keyaccounts.contract import Entity, load_contract
from keyaccounts.landing.loads import (
    Load,
    all_loads,
    in_play,
    loads_in_play,
    no_rows_sql,
    quarantine_sql,
    rows_sql,
)
from keyaccounts.landing.quarantine import counts_by_day
from keyaccounts.landing.resolve import Resolution
from keyaccounts.settings import Settings, business_date
from keyaccounts.warehouse.first_published import NOTHING, FirstPublished
from keyaccounts.warehouse.restated import create_first_published


def lay_out(
    settings: Settings, resolution: Resolution, first: FirstPublished = NOTHING
) -> dict[str, object]:
    """Create the schema `landing` in the warehouse and return the dbt variables about it."""
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(settings.warehouse))
    try:
        con.execute("create schema if not exists landing")
        several = set()
        for entity in load_contract().values():
            loads = loads_in_play(settings, entity.name)
            if len(loads) > 1:
                several.add(entity.name)
            _create_entity(con, entity, loads, is_newest=entity.name in several)
        for table in ("rejected", "nulled"):
            _create_view(con, table, f"select * from {_parquet(resolution, table)}")
        _create_versions(con, settings)
        _create_user_versions(con, settings)
        _create_loads(con, settings)
        _create_quarantine_counts(con, settings)
        create_first_published(con, first)
    finally:
        con.close()
    states = resolution.entities
    return {
        "present_entities": sorted(states),
        "unique_entities": sorted(
            name for name, state in states.items() if state.is_unique or name in several
        ),
        "rejected_entities": sorted(n for n, s in states.items() if s.rejected or s.followers),
        "nulled_columns": {n: sorted(s.nulled) for n, s in sorted(states.items()) if s.nulled},
    }


def _parquet(resolution: Resolution, table: str) -> str:
    file = str(resolution.folder / f"{table}.parquet").replace("'", "''")
    return f"read_parquet('{file}')"


def _create_view(con: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    con.execute(f"create or replace view landing.{name} as {select}")


def _create_entity(
    con: duckdb.DuckDBPyConnection, entity: Entity, loads: list[Load], *, is_newest: bool
) -> None:
    rows = f"select * from ({_rows(entity, loads)})"
    if is_newest:
        rows += (
            f" qualify row_number() over (partition by {', '.join(entity.keys)} "
            "order by updated_at desc nulls last, _load desc, _row) = 1"
        )
    _create_view(con, entity.name, rows)


def _rows(entity: Entity, loads: list[Load]) -> str:
    return f"select * from {rows_sql(loads)}" if loads else no_rows_sql(entity)


def _create_versions(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """All landed versions of the accounts; a version without a stamp has the day it became known.

    References that lead nowhere are null here too: an orphan parent is its own root. An account
    that was deleted keeps its place, because its documents stay.
    """
    entity = load_contract()["crm_accounts"]
    loads = all_loads(settings, "crm_accounts")
    references = {"parent_account_id": "known", "merged_into_account_id": "known"}
    if all_loads(settings, "crm_users"):
        references |= {"owner_user_id": "users", "influence_rated_by_user_id": "users"}
    kept = ", ".join(
        f"case when {column} in (select id from {table}) then {column} end as {column}"
        for column, table in references.items()
    )
    _create_view(
        con,
        "crm_account_versions",
        f"""
        with stamps (_load, landed_at) as (values {_stamps(settings, loads)}),
        versions as ({_rows(entity, loads)}),
        known as (
            select account_id as id from landing.crm_accounts as a
            where not exists (
                select 1 from landing.rejected as r where r.entity = 'crm_accounts'
                and r._load = a._load and r._row = a._row
            )
        ),
        users as (select user_id as id from landing.crm_users)
        select v.* replace ({kept}), timezone('UTC', s.landed_at) as landed_as_of
        from versions as v
        join stamps as s using (_load)
        where v.account_id in (select id from known)
        """,
    )


def _create_user_versions(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """All landed versions of our people, without those that are held back."""
    entity = load_contract()["crm_users"]
    loads = all_loads(settings, "crm_users")
    if not loads:
        nothing = f"select *, cast(null as timestamp) as landed_as_of from ({_rows(entity, loads)})"
        _create_view(con, "crm_user_versions", nothing)
        return
    _create_view(
        con,
        "crm_user_versions",
        f"""
        with stamps (_load, landed_at) as (values {_stamps(settings, loads)}),
        versions as ({_rows(entity, loads)})
        select v.*, timezone('UTC', s.landed_at) as landed_as_of
        from versions as v
        join stamps as s using (_load)
        where not exists (
            select 1 from landing.rejected as r where r.entity = 'crm_users'
            and r._load = v._load and r._row = v._row
        )
        """,
    )


def _stamps(settings: Settings, loads: list[Load]) -> str:
    """Return a row (load, end of the business day on which it became known) per load."""
    return ", ".join(
        f"({load.number}, timestamptz '{_known_on(settings, load)} 23:59:59 {settings.timezone}')"
        for load in loads
    )


def _known_on(settings: Settings, load: Load) -> date:
    """Return the business day that had ended when the load came: nothing is known before it."""
    return business_date(datetime.fromisoformat(load.manifest["loaded_at"]), settings.timezone)


def _create_quarantine_counts(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    con.execute(
        "create or replace table landing.quarantine_counts (counted_on date, entity varchar, "
        "column_name varchar, reason varchar, held_by varchar, rows_count bigint)"
    )
    rows = [(day, *count) for day, counts in counts_by_day(settings).items() for count in counts]
    if rows:
        con.executemany("insert into landing.quarantine_counts values (?, ?, ?, ?, ?, ?)", rows)


def _create_loads(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    by_entity = [all_loads(settings, name) for name in load_contract()]
    loads = [load for found in by_entity for load in found]
    counting = [load for found in by_entity for load in in_play(found)]
    counts = {(load.entity, load.number) for load in counting}
    con.execute(
        "create or replace table landing.loads (entity varchar, load_number integer, "
        "landed_on date, rows_count bigint, quarantined_count bigint, is_in_play boolean)"
    )
    con.execute(
        "insert into landing.loads select unnest(?::varchar[]), unnest(?::integer[]), "
        "unnest(?::date[]), unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::boolean[])",
        [
            [load.entity for load in loads],
            [load.number for load in loads],
            [load.manifest["as_of_date"] for load in loads],
            [load.manifest["rows"] for load in loads],
            [load.manifest["quarantined"] for load in loads],
            [(load.entity, load.number) in counts for load in loads],
        ],
    )
    con.execute(
        "create or replace view landing.quarantine as "
        "select parse_path(filename)[-3] as entity, * exclude (filename) "
        f"from read_parquet({quarantine_sql(counting)}, filename = true)"
    )
