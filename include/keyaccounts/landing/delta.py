"""The load of a window: what is new in it, and what it says is gone.

A row that is gone lands as its last version, marked deleted: behind the landing that is a deletion
like any other, and an older version does not come back in its place. The same happens to the older
version of a row whose newest one is held back.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from keyaccounts.contract import Entity
from keyaccounts.landing.checked import (
    Landed,
    collect_bad,
    create_checked_view,
    mask,
    summary,
)
from keyaccounts.landing.loads import ROWS, Load, rows_sql
from keyaccounts.landing.rules import rules_of, typed
from keyaccounts.landing.write import next_number
from keyaccounts.settings import Settings
from keyaccounts.sources.files import Incoming

NEWEST = "updated_at desc nulls last, _load desc, _row"
"""The order in which versions of a row count, as everywhere behind the landing."""


def write(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    entity: Entity,
    incoming: Incoming,
    loads: list[Load],
    draft: Path,
    *,
    is_feed: bool,
    has_gone: bool,
) -> Landed:
    """Check `incoming` and write into the draft what `loads` do not say yet; return the counts.

    With `has_gone` the table `gone` names the keys that the source no longer has; in a feed the
    rows marked deleted say so themselves, and need no more than their key.
    """
    read = _count(con, "incoming")
    if is_feed:
        _set_deletions_apart(con, entity, incoming)
    rules = rules_of(entity, incoming.types, incoming.words)
    create_checked_view(con, entity, incoming, rules)
    held = mask(rules, holds_back=True)
    columns = ", ".join(column.name for column in entity.columns)
    keys = ", ".join(entity.keys)
    con.execute(
        f"create temp table accepted as select {columns}, _row from checked "
        f"where (_broken & {held}) = 0"
    )
    con.execute(
        f"create temp table held_now as select {keys} from checked where (_broken & {held}) <> 0"
    )
    if not has_gone:
        con.execute(f"create temp table gone as select {keys} from accepted where false")
    _create_landed(con, entity, loads, is_feed=is_feed)
    _create_fresh(con, entity, is_feed=is_feed)
    _create_tombstones(con, entity, is_feed=is_feed)
    number = next_number(settings, entity.name)
    listed = ", ".join(f"f.{column.name}" for column in entity.columns)
    con.execute(
        f"""
        copy (
            select {listed}, f._row, cast({number} as integer) as _load from fresh as f
            union all
            select {listed}, (select coalesce(max(_row), 0) from accepted) + row_number() over (),
                {number}
            from tombstones as f
        ) to '{draft / ROWS}' (format parquet)
        """
    )
    collect_bad(con, entity, incoming, rules)
    landed = summary(con, entity, incoming, number, draft)
    deleted = _count(con, "tombstones")
    # In a feed a deletion is a row that was read; else it is one that was not.
    came = landed.rows if is_feed else landed.rows - deleted
    unchanged = read - came - landed.quarantined
    return Landed(**{**landed.__dict__, "unchanged": max(unchanged, 0), "deleted": deleted})


def count_full(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many live rows the source has, and how many of them are held back."""
    [(live, held)] = con.execute(
        """
        select count(*), count(*) filter (
            _row in (select source_row from bad_rows where is_held_back)
        )
        from checked where is_deleted is not true
        """
    ).fetchall()
    return {"live": live, "held": held}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _set_deletions_apart(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming
) -> None:
    """Keep the deletions of a feed in the table `deletions`, the other rows in `incoming`."""
    columns = [entity.column(name) for name in (*entity.keys, "updated_at")]
    values = ", ".join(f"{typed(c, incoming.types)} as {c.name}" for c in columns)
    is_deleted = typed(entity.column("is_deleted"), incoming.types)
    is_known = " and ".join(f"{c.name} is not null" for c in columns)
    con.execute("create temp table fetched as select * from incoming")
    con.execute(
        f"create temp table deletions as select * from (select {values} from fetched "
        f"where {is_deleted}) where {is_known}"
    )
    # A deletion that names no row is checked, and held back, as any other row.
    is_whole = " and ".join(f"{typed(c, incoming.types)} is not null" for c in columns)
    con.execute(
        "create or replace temp view incoming as select * from fetched "
        f"where ({is_deleted} and {is_whole}) is not true"
    )


def _create_landed(
    con: duckdb.DuckDBPyConnection, entity: Entity, loads: list[Load], *, is_feed: bool
) -> None:
    """Create `landed`: versions of the rows at hand; `version_rank` 1 is the one that counts."""
    keys = ", ".join(entity.keys)
    touched = " union ".join(
        f"select {keys} from {table}"
        for table in ("accepted", "held_now", "gone", *(("deletions",) if is_feed else ()))
    )
    con.execute(
        f"""
        create temp table landed as
        select *, row_number() over (partition by {keys} order by {NEWEST}) as version_rank
        from {rows_sql(loads)} semi join ({touched}) as t using ({keys})
        """
    )


def _create_fresh(con: duckdb.DuckDBPyConnection, entity: Entity, *, is_feed: bool) -> None:
    """Create `fresh`: accepted rows that the landing does not say yet.

    A key that a window holds twice is landed as it is: the two contradict each other.
    """
    same = " and ".join(f"l.{c.name} is not distinct from a.{c.name}" for c in entity.columns)
    keys = ", ".join(entity.keys)
    rank = "true" if is_feed else "l.version_rank = 1"
    twice = f"select {keys} from accepted group by {keys} having count(*) > 1"
    known = f"{_joined(entity, 'l', 'a')} and {rank} and {same}"
    alone = "true" if is_feed else f"({keys}) not in ({twice})"
    con.execute(
        f"""
        create temp table fresh as select * from accepted as a
        where not (
            exists (select 1 from landed as l where {known})
            and {alone}
        )
        """
    )


def _create_tombstones(con: duckdb.DuckDBPyConnection, entity: Entity, *, is_feed: bool) -> None:
    """Create `tombstones`: last versions of rows that are gone, or held back now, as deleted."""
    columns = ", ".join(f"l.{c.name}" for c in entity.columns if c.name != "is_deleted")
    gone = f"{_in('gone', entity)} or {_in('held_now', entity)}"
    con.execute(
        f"""
        create temp table tombstones as
        select {columns}, true as is_deleted from landed as l
        where version_rank = 1 and is_deleted is not true and ({gone})
        """
    )
    if not is_feed:
        return
    kept = ", ".join(
        f"k.{c.name}" for c in entity.columns if c.name not in {"is_deleted", "updated_at"}
    )
    names = ", ".join(c.name for c in entity.columns)
    keys = ", ".join(f"d.{key}" for key in entity.keys)
    con.execute(
        f"""
        insert into tombstones by name
        with known as (
            select {names} from accepted union all select {names} from landed
        )
        select {kept}, d.updated_at, true as is_deleted
        from deletions as d
        join known as k on {_joined(entity, "k", "d")} and k.updated_at <= d.updated_at
        where not exists (
            select 1 from landed as l where {_joined(entity, "l", "d")}
                and l.updated_at = d.updated_at and l.is_deleted
        )
        qualify row_number() over (
            partition by {keys}, d.updated_at order by k.updated_at desc, k.is_deleted nulls first
        ) = 1
        """
    )


def _joined(entity: Entity, left: str, right: str) -> str:
    return " and ".join(f"{left}.{key} = {right}.{key}" for key in entity.keys)


def _in(table: str, entity: Entity) -> str:
    return f"exists (select 1 from {table} as g where {_joined(entity, 'g', 'l')})"
