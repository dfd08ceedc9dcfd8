"""Rules that look at more than one row: duplicate keys, references, missing rates.

They are judged over all landed loads again each night, so a row that came before what it refers
to is healed by the later load. The result is derived: it can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from keyaccounts.contract import CONTRACT_FILE, Column, Entity, load_contract
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.loads import (
    Load,
    fingerprint,
    loads_in_play,
    quarantine_sql,
    rows_sql,
)
from keyaccounts.settings import Settings
from keyaccounts.sources.files import Place

# Referenced entities before those that refer to them.
ORDER = (
    "crm_users", "crm_accounts", "crm_contacts", "erp_products", "erp_exchange_rates",
    "crm_opportunities", "erp_orders", "erp_order_lines", "erp_invoices", "erp_invoice_lines",
    "erp_payments",
)  # fmt: skip
DATED_MONEY = {
    "erp_orders": "order_date", "erp_invoices": "invoice_date", "erp_payments": "received_date",
}  # fmt: skip
REJECTED_COLUMNS = (
    "entity varchar, _load integer, _row bigint, row_key varchar, column_name varchar, "
    "value varchar, rule varchar, is_follower boolean"
)
EXAMPLES = 3


@dataclass
class EntityState:
    """What was found in one entity; counts are rows, `nulled` counts values by column."""

    rows: int
    quarantined: int
    is_unique: bool = True
    rejected: int = 0
    followers: int = 0
    nulled: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Resolution:
    """The verdict on one state of the landing; `folder` holds rejected.parquet, nulled.parquet."""

    fingerprint: str
    folder: Path
    entities: dict[str, EntityState]


def resolve(settings: Settings) -> Resolution:
    """Judge the landed rows against each other.

    Raises SourceRefusedError when a required entity has not landed, or when more than
    `settings.max_quarantine_share` of an entity's rows are held back by a rule of their own.
    """
    contract = load_contract()
    present = {name: loads for name in contract if (loads := loads_in_play(settings, name))}
    missing = [n for n in ("crm_accounts", "erp_invoices", "erp_invoice_lines") if n not in present]
    if missing:
        raise SourceRefusedError(
            f"nothing has landed for {', '.join(missing)}; "
            "the three entities crm_accounts, erp_invoices and erp_invoice_lines must exist"
        )
    rules = f"{settings.base_currency}|{settings.max_rate_age_days}|{_code()}"
    state = f"{fingerprint(settings, list(contract))}|{rules}"
    name = hashlib.sha256(state.encode()).hexdigest()[:16]
    folder = folder_of(settings, name)
    done = folder / "resolution.json"
    if done.is_file():
        states = {k: EntityState(**v) for k, v in json.loads(done.read_text("utf-8")).items()}
    else:
        states = _judge(settings, present, folder)
    _refuse_bad_share(settings, states)
    return Resolution(name, folder, states)


def newest_verdict(settings: Settings) -> Path | None:
    """Return the folder of the last verdict; None before the first."""
    found = (settings.home / "warehouse" / "resolved").glob("*/resolution.json")
    return max((file.parent for file in found), key=lambda f: f.stat().st_mtime_ns, default=None)


def folder_of(settings: Settings, fingerprint: str) -> Path:
    """Return the folder of the verdict on a state of the landing, there or not."""
    return settings.home / "warehouse" / "resolved" / fingerprint


def _code() -> str:
    """Return the text of the rules: a verdict is as good as the rules that gave it."""
    return CONTRACT_FILE.read_text("utf-8") + Path(__file__).read_text("utf-8")


def _judge(
    settings: Settings, present: dict[str, list[Load]], folder: Path
) -> dict[str, EntityState]:
    contract = load_contract()
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        con.execute(f"set temp_directory = '{draft / 'spill'}'")
        con.execute(f"create temp table rejected ({REJECTED_COLUMNS})")
        con.execute(
            "create temp table nulled "
            "(entity varchar, _load integer, _row bigint, column_name varchar, value varchar)"
        )
        names = [n for n in ORDER if n in present] + [n for n in present if n not in ORDER]
        states = {}
        for name in names:
            states[name] = _start(con, contract[name], present[name])
            _reject_duplicates(con, contract[name], states[name])
            _reject_missing_rates(con, settings, name, present)
            _create_keys(con, contract[name])
            _follow_references(con, contract[name], set(present))
            _finish(con, states[name], present[name])
        for table in ("rejected", "nulled"):
            con.execute(
                f"copy (select * from {table} order by all) "
                f"to '{draft / table}.parquet' (format parquet)"
            )
    finally:
        con.close()
    text = json.dumps({n: s.__dict__ for n, s in states.items()}, indent=1, ensure_ascii=False)
    (draft / "resolution.json").write_text(text, encoding="utf-8")
    shutil.rmtree(draft / "spill", ignore_errors=True)
    for old in folder.parent.iterdir():
        if old != draft:
            shutil.rmtree(old, ignore_errors=True)
    draft.rename(folder)
    return states


def _start(con: duckdb.DuckDBPyConnection, entity: Entity, loads: list[Load]) -> EntityState:
    con.execute(f"create temp view all_{entity.name} as select * from {rows_sql(loads)}")
    con.execute(f"create temp view rows_{entity.name} as select * from all_{entity.name}")
    con.execute(
        f"create temp view quarantined_{entity.name} as "
        f"select row_key from read_parquet({quarantine_sql(loads)}) "
        "where is_held_back and row_key is not null"
    )
    rows = con.execute(f"select count(*) from all_{entity.name}").fetchall()[0][0]
    quarantined = sum(load.manifest["quarantined"] for load in loads)
    return EntityState(rows=rows, quarantined=quarantined)


def _key(entity: Entity) -> str:
    return " || '|' || ".join(f"cast({name} as varchar)" for name in entity.keys)


def _reject_duplicates(con: duckdb.DuckDBPyConnection, entity: Entity, state: EntityState) -> None:
    keys = ", ".join(entity.keys)
    con.execute(
        f"create or replace temp table repeated as select hash({keys}) as h "
        f"from all_{entity.name} group by h having count(*) > 1"
    )
    # Different keys may share a hash.
    [(repeated,)] = con.execute(
        f"select count(*) from (select {keys} from all_{entity.name} "
        f"where hash({keys}) in (select h from repeated) group by {keys} having count(*) > 1)"
    ).fetchall()
    if not repeated:
        return
    state.is_unique = False
    content = ", ".join(column.name for column in entity.columns)
    con.execute(
        f"""
        insert into rejected
        with versions as (
            select *, dense_rank() over (
                partition by {keys} order by updated_at desc nulls last, _load desc
            ) as version_rank, row({content}) as content
            from all_{entity.name} where hash({keys}) in (select h from repeated)
        ),
        conflicts as (
            select {keys} from versions where version_rank = 1
            group by {keys} having count(distinct content) > 1
        )
        select '{entity.name}', _load, _row, {_key(entity)}, '{entity.keys[0]}', {_key(entity)},
            'the key stands twice with different content', false
        from versions join conflicts using ({keys})
        """
    )
    con.execute(
        f"""
        create or replace temp view rows_{entity.name} as
        select * from all_{entity.name}
        qualify row_number() over (
            partition by {keys} order by updated_at desc nulls last, _load desc, _row
        ) = 1
        """
    )


def _reject_missing_rates(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str, present: dict[str, list[Load]]
) -> None:
    if name not in DATED_MONEY:
        return
    day = DATED_MONEY[name]
    rates = "select null::varchar as currency_code, null::date as rate_date where false"
    if "erp_exchange_rates" in present:
        rates = "select currency_code, rate_date from rows_erp_exchange_rates"
    con.execute(
        f"""
        insert into rejected
        with rates as ({rates}),
        foreign_days as (
            select distinct currency_code, {day} as day from rows_{name}
            where currency_code <> '{settings.base_currency}'
        ),
        without_rate as (
            select f.currency_code, f.day from foreign_days as f
            where not exists (
                select 1 from rates as r where r.currency_code = f.currency_code
                and r.rate_date between f.day - {settings.max_rate_age_days} and f.day
            )
        )
        select '{name}', _load, _row, {_key(load_contract()[name])}, 'currency_code',
            t.currency_code || ' on ' || t.{day}, 'missing_rate: no exchange rate in the '
            || '{settings.max_rate_age_days} days up to the document date', false
        from rows_{name} as t
        join without_rate as w on w.currency_code = t.currency_code and w.day = t.{day}
        """
    )


def _create_keys(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Keep the keys of an entity that others may refer to, without its rejected rows."""
    referenced = {c.references for e in load_contract().values() for c in e.columns}
    if entity.name not in referenced:
        return
    con.execute(
        f"""
        create or replace temp view keys_{entity.name} as
        select {entity.keys[0]} as k from rows_{entity.name}
        where not exists (
            select 1 from rejected as x where x.entity = '{entity.name}'
            and x._load = rows_{entity.name}._load and x._row = rows_{entity.name}._row
        )
        """
    )


def _follow_references(con: duckdb.DuckDBPyConnection, entity: Entity, present: set[str]) -> None:
    for column in entity.columns:
        if column.references is None or column.references not in present:
            continue
        if column.is_required:
            _reject_orphans(con, entity, column)
        else:
            con.execute(
                f"insert into nulled select '{entity.name}', _load, _row, '{column.name}', "
                f"{column.name} from rows_{entity.name} where {column.name} is not null "
                f"and {column.name} not in (select k from keys_{column.references})"
            )


def _reject_orphans(con: duckdb.DuckDBPyConnection, entity: Entity, column: Column) -> None:
    held_back = f"select row_key from quarantined_{column.references}"
    con.execute(
        f"""
        insert into rejected
        select '{entity.name}', _load, _row, {_key(entity)}, '{column.name}', {column.name},
            'is not in {column.references}',
            {column.name} in ({held_back} union all select row_key from rejected
                where entity = '{column.references}')
        from rows_{entity.name} as t
        where {column.name} not in (select k from keys_{column.references})
        """
    )


def _finish(con: duckdb.DuckDBPyConnection, state: EntityState, loads: list[Load]) -> None:
    name = loads[0].entity
    places = {load.number: Place.of(load.manifest) for load in loads}
    counts = con.execute(
        "select count(distinct (_load, _row)) filter (where not is_follower), "
        "count(distinct (_load, _row)) filter (where is_follower) "
        f"from rejected as r where entity = ? and not exists ({_deleted(name)})",
        [name],
    ).fetchall()[0]
    state.rejected, state.followers = counts
    state.nulled = dict(
        con.execute(
            "select column_name, count(*) from nulled where entity = ? group by 1 order by 1",
            [name],
        ).fetchall()
    )
    rows = con.execute(
        "select _load, _row, row_key, column_name, value, rule from rejected where entity = ? "
        f"order by is_follower, row_key, _load, _row, column_name limit {EXAMPLES}",
        [name],
    ).fetchall()
    state.examples = [
        f"{places[load].row(row)} ({key}), column {column}: {value!r} {rule}"
        for load, row, key, column, value, rule in rows
    ]


def _deleted(name: str) -> str:
    """Return a select of the row `r`, if it is deleted: that is held back from nobody."""
    same = "a._load = r._load and a._row = r._row"
    return f"select 1 from all_{name} as a where a.is_deleted and {same}"


def _refuse_bad_share(settings: Settings, states: dict[str, EntityState]) -> None:
    for name, state in states.items():
        own = state.quarantined + state.rejected
        total = state.rows + state.quarantined
        if own and own > settings.max_quarantine_share * total:
            raise SourceRefusedError(
                f"{name} is refused: {own} of {total} rows are held back "
                f"(allowed {settings.max_quarantine_share:.1%}). First: "
                + "; ".join(state.examples)
            )
