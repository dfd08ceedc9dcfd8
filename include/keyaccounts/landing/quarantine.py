"""The rows that are held back now: what holds each of them back, and since when.

A row is held back by a rule of the contract when it lands, or by other rows when all that landed is
judged. It is let go when its source repairs it: a later load says its key again, the file that it
stood in is delivered again, or what it refers to has come. When each row was first seen lies beside
the landing in `quarantine/`, with the counts of every night; without it a row was first seen by
the load that brought it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from keyaccounts.contract import Entity, load_contract
from keyaccounts.landing.loads import (
    Load,
    loads_in_play,
    quarantine_sql,
    row_key_sql,
    rows_sql,
)
from keyaccounts.landing.reconcile import gone_file
from keyaccounts.landing.resolve import newest_verdict
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.files import Place

COLUMNS = (
    "entity varchar, load integer, source_row bigint, place varchar, row_key varchar, "
    "column_name varchar, value varchar, reason varchar, held_by varchar, seen_on date"
)
FOLDER, NOW, COUNTS = "quarantine", "now.parquet", "counts.json"
LANDING, ROWS_OF_OTHERS, DOCUMENT = "contract", "other rows", "its document"
SAME = (
    "h.entity = n.entity and h.name = coalesce(n.row_key, n.place) "
    "and h.column_name = n.column_name and h.reason = n.reason"
)


@dataclass(frozen=True)
class Reason:
    """Rows of one entity that one rule holds back; days are as-of dates."""

    entity: str
    column: str
    reason: str
    held_by: str
    rows: int
    first_seen: date
    last_seen: date


@contextmanager
def held_now(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database with the table `held`: a row per row and rule that holds it back now.

    It has COLUMNS, and `first_seen` and `last_seen`.
    """
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        con.execute(f"create table now ({COLUMNS})")
        for entity in load_contract().values():
            if loads := loads_in_play(settings, entity.name):
                _insert_of_contract(con, settings, entity, loads)
                _insert_of_rows(con, settings, entity, loads)
        _create_history(con, settings)
        con.execute(
            f"""
            create table held as
            select n.* exclude (seen_on), least(coalesce(h.first_seen, n.seen_on), n.seen_on)
                as first_seen, greatest(coalesce(h.last_seen, n.seen_on), n.seen_on) as last_seen
            from now as n left join history as h on {SAME}
            """
        )
        yield con
    finally:
        con.close()


def _insert_of_contract(
    con: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, loads: list[Load]
) -> None:
    """Insert what the loads held back and no later load says anew."""
    brought = [
        (load.number, name, load.manifest["as_of_date"])
        for load in loads
        for name in [file["name"] for file in load.manifest.get("files_read", ())]
        or [load.manifest["source"]]
    ]
    con.execute(
        "create or replace temp table brought as select unnest(?::integer[]) as load, "
        "unnest(?::varchar[]) as name, unnest(?::date[]) as seen_on",
        [list(column) for column in zip(*brought, strict=True)],
    )
    con.execute(
        f"""
        create or replace temp table candidates as
        select q.*, cast(parse_path(filename)[-2] as integer) as load
        from read_parquet({quarantine_sql(loads)}, filename = true) as q where is_held_back
        """
    )
    later = "select null as row_key, null as _load where false"
    file = gone_file(settings, entity.name)
    gone = f"read_parquet('{_sql(file)}')" if file.is_file() else "(select '' row_key, 0 load)"
    if len(loads) > 1:
        key = row_key_sql(entity)
        later = (
            f"select {key} as row_key, max(_load) as _load from {rows_sql(loads)} "
            f"where {key} in (select row_key from candidates) group by all"
        )
    con.execute(
        f"""
        insert into now
        with later as ({later}),
        newest as (
            select row_key, max(load) as load from candidates
            where row_key is not null group by row_key
        )
        select '{entity.name}', c.load, c.source_row, c.place, c.row_key, c.column_name, c.value,
            c.rule, '{LANDING}', (select min(seen_on) from brought as b where b.load = c.load)
        from candidates as c
        left join newest as n on n.row_key = c.row_key
        where c.load >= coalesce(n.load, c.load)
            and not exists (
                select 1 from later as l where l.row_key = c.row_key and l._load > c.load
            )
            and not exists (
                select 1 from {gone} as g where g.row_key = c.row_key and g.load >= c.load
            )
            and (c.row_key is not null or not exists (
                select 1 from brought as b join brought as again using (name)
                where b.load = c.load and again.load > c.load
                    and starts_with(c.place, b.name || ' ')
            ))
        """
    )


def _insert_of_rows(
    con: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, loads: list[Load]
) -> None:
    """Insert what the newest verdict on all rows holds back."""
    verdict = newest_verdict(settings)
    if verdict is None:
        return
    found = _records(
        con,
        f"""
        select r.* from read_parquet('{_sql(verdict / "rejected.parquet")}') as r
        where r.entity = ? and r._load = any(?) and not exists (
            select 1 from {rows_sql(loads)} as a
            where a.is_deleted and a._load = r._load and a._row = r._row
        )
        """,
        [entity.name, [load.number for load in loads]],
    )
    manifests = {load.number: load.manifest for load in loads}
    places = {number: Place.of(manifest) for number, manifest in manifests.items()}
    rows = [
        {
            "entity": entity.name, "load": r["_load"], "source_row": r["_row"],
            "place": _place(manifests[r["_load"]], places[r["_load"]], r),
            "row_key": r["row_key"], "column_name": r["column_name"], "value": r["value"],
            "reason": r["rule"],
            "held_by": DOCUMENT if r["is_follower"] else ROWS_OF_OTHERS,
            "seen_on": date.fromisoformat(manifests[r["_load"]]["as_of_date"]),
        }
        for r in found
    ]  # fmt: skip
    if rows:
        table = pa.Table.from_pylist(rows)
        con.register("of_rows", table)
        con.execute("insert into now by name select * from of_rows")
        con.unregister("of_rows")


def _place(manifest: dict[str, Any], place: Place, row: dict[str, Any]) -> str:
    # Rows of a database have no lasting number; their key finds them.
    if "read_at" in manifest:
        return f"{place.label} key {row['row_key']}"
    return place.row(row["_row"])


def _create_history(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    file = settings.home / FOLDER / NOW
    if file.is_file():
        con.execute(
            "create table history as select entity, coalesce(row_key, place) as name, column_name, "
            f"reason, min(first_seen) as first_seen, max(last_seen) as last_seen "
            f"from read_parquet('{_sql(file)}') group by all"
        )
    else:
        con.execute(
            "create table history (entity varchar, name varchar, column_name varchar, "
            "reason varchar, first_seen date, last_seen date)"
        )


def reasons(settings: Settings, entity: str | None = None) -> list[Reason]:
    """Return the rows held back now, by entity and reason."""
    with held_now(settings) as con:
        return [found for found in _reasons(con) if entity in (None, found.entity)]


def _reasons(con: duckdb.DuckDBPyConnection) -> list[Reason]:
    rows = con.execute(
        "select entity, column_name, reason, held_by, "
        "count(distinct coalesce(row_key, place) || ' ' || place), "
        "min(first_seen), max(last_seen) from held group by 1, 2, 3, 4"
    ).fetchall()
    order = {name: position for position, name in enumerate(load_contract())}
    return sorted(
        (Reason(*row) for row in rows), key=lambda r: (order[r.entity], -r.rows, r.reason)
    )


def held_rows(settings: Settings, entity: str, reason: str | None) -> list[dict[str, Any]]:
    """Return each row of an entity that is held back, with its place, value and reason.

    `reason` is a part of the reason or the name of a column.
    """
    with held_now(settings) as con:
        return _records(
            con,
            "select place, row_key, column_name, value, reason, held_by, first_seen, last_seen "
            "from held where entity = $entity and ($reason is null or column_name = $reason "
            "or contains(lower(reason), lower($reason))) "
            "order by load, source_row nulls first, place, column_name",
            {"entity": entity, "reason": reason},
        )


def _records(con: duckdb.DuckDBPyConnection, sql: str, values: Any) -> list[dict[str, Any]]:
    result = con.execute(sql, values)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def remember(settings: Settings, run: Run) -> list[Reason]:
    """Keep what is held back as of the run's day, and how many rows by reason; return that.

    A run for an earlier day than one that was counted keeps nothing: it sees the landing of now.
    """
    counts = counts_by_day(settings)
    if counts and max(counts) > run.as_of_date.isoformat():
        return reasons(settings)
    folder = settings.home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with held_now(settings) as con:
        con.execute(
            "update held set first_seen = least(first_seen, ?), last_seen = greatest(last_seen, ?)",
            [run.as_of_date, run.as_of_date],
        )
        draft = folder / "now.new"
        con.execute(f"copy (select * from held order by all) to '{_sql(draft)}' (format parquet)")
        draft.replace(folder / NOW)
        found = _reasons(con)
    counts[run.as_of_date.isoformat()] = [
        [r.entity, r.column, r.reason, r.held_by, r.rows] for r in found
    ]
    file = folder / COUNTS
    new = file.with_suffix(".new")
    new.write_text(json.dumps(dict(sorted(counts.items())), ensure_ascii=False), "utf-8")
    new.replace(file)
    return found


def counts_by_day(settings: Settings) -> dict[str, list[list[Any]]]:
    """Return the counts of every as-of date: entity, column, reason, held by, rows."""
    file = settings.home / FOLDER / COUNTS
    found: dict[str, list[list[Any]]] = (
        json.loads(file.read_text("utf-8")) if file.is_file() else {}
    )
    return found


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")
