"""Compare the keys of the source with what has landed: what vanished, and what was missed.

Only keys, `updated_at` and `is_deleted` are read, in the same state of the source as the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from keyaccounts.contract import Column, Entity
from keyaccounts.errors import KeyaccountsError
from keyaccounts.landing.delta import NEWEST
from keyaccounts.landing.loads import Load, rows_sql
from keyaccounts.landing.rules import typed
from keyaccounts.settings import Settings
from keyaccounts.sources.base import Source
from keyaccounts.sources.files import Incoming, quoted, types_of
from keyaccounts.sources.mapping import Mapping

HELD = "held_back.parquet"
"""Keys and stamps of the rows that a load held back, so that they are not read for new ones."""
KEYS = "keys.parquet"


@dataclass(frozen=True)
class Found:
    """What the keys say: rows that are gone, of the live ones that landed, and where to read from.

    `is_behind` says that a window cannot mend it: a row at the source is older than landed.
    """

    gone: int = 0
    landed: int = 0
    earliest: datetime | None = None
    is_behind: bool = False


NOTHING = Found()


def compare(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    mapping: Mapping,
    source: Source,
    loads: list[Load],
    types: dict[str, str],
    draft: Path,
) -> Found:
    """Read the keys of the source; create `source_keys`, `differences`, `changed` and `gone`."""
    names = [*entity.keys, "updated_at"] + (["is_deleted"] if "is_deleted" in types else [])
    _fetch_keys(mapping, source, names, draft / KEYS)
    _create_source_keys(con, entity, mapping, draft / KEYS)
    _create_held(con, loads)
    _create_landed_keys(con, entity, loads)
    _create_differences(con, entity)
    _create_changed(con, entity)
    keys = ", ".join(entity.keys)
    con.execute(
        f"create temp table gone as select {keys} from differences "
        "where not is_at_source and not landed_is_deleted"
    )
    [(gone, landed)] = con.execute(
        "select (select count(*) from gone), count(*) filter (not is_deleted) from landed_keys"
    ).fetchall()
    [(earliest, behind)] = con.execute(
        "select min(cursor_at), count(*) filter (cursor_at is null or updated_at is null "
        "or landed_at > updated_at) from changed"
    ).fetchall()
    return Found(gone, landed, earliest and earliest.replace(tzinfo=UTC), behind > 0)


def add_gone_of_parents(
    con: duckdb.DuckDBPyConnection,
    entity: Entity,
    loads: list[Load],
    parent: str,
    parents: list[str],
    *,
    is_compared: bool,
) -> None:
    """Add to the table `gone` the landed rows of records that came again without them.

    A record (an invoice) brings all its rows (its lines) each time; `parents` are the records that
    came, those that were deleted among them. The view `incoming` holds the rows that came.
    """
    keys = ", ".join(entity.keys)
    if not is_compared:
        con.execute(f"create temp table gone as select {keys} from {rows_sql(loads)} where false")
    con.execute("create temp table parents (parent varchar)")
    con.execute("insert into parents select unnest(?)", [parents])
    con.execute(
        f"""
        insert into gone
        select {keys} from (
            select * from {rows_sql(loads)}
            semi join parents on cast({quoted(parent)} as varchar) = parent
            qualify row_number() over (partition by {keys} order by {NEWEST}) = 1
        ) as l
        where is_deleted is not true and not exists (
            select 1 from incoming as i where
            {
            " and ".join(
                f"cast(i.{quoted(k)} as varchar) = cast(l.{k} as varchar)" for k in entity.keys
            )
        }
        )
        """
    )


def conclude(con: duckdb.DuckDBPyConnection, entity: Entity, mapping: Mapping) -> dict[str, int]:
    """Return how many live rows the source has and how many of them are held back.

    Raises KeyaccountsError when a row of the source would be neither landed nor held back.
    """
    keys = ", ".join(entity.keys)
    [(lost,)] = con.execute(
        f"select count(*) from changed anti join accepted using ({keys}) "
        "where row_key not in (select row_key from bad_rows where is_held_back)"
    ).fetchall()
    if lost:
        raise KeyaccountsError(
            f"{mapping.label}: {lost} rows of the source have not come with their window, though "
            f"their key says that they changed; nothing of it landed. Read all of it again: "
            f"keyaccounts extract --entity {entity.name} --reload"
        )
    # What has no difference stands in the landing as it stands at the source.
    is_unknown = " or ".join(f"{key} is null" for key in entity.keys)
    [(live, held)] = con.execute(
        f"""
        with doubtful as (
            select * from source_keys
            semi join (select {keys} from differences where is_at_source) using ({keys})
            union all
            select * from source_keys where {is_unknown}
        )
        select (select count(*) from source_keys where not is_deleted), count(*) filter (
            not (
                not exists (select 1 from changed as c where {_same_key(entity, "c")})
                    and exists (select 1 from differences as l where {_same_key(entity, "l")}
                        and not l.landed_is_deleted)
                or exists (select 1 from accepted as a where {_same_key(entity, "a")}
                    and a.is_deleted is not true)
            )
        )
        from doubtful as s where not is_deleted
        """
    ).fetchall()
    return {"live": live, "held": held}


def gone_file(settings: Settings, entity: str) -> Path:
    """Return the file that names the held-back rows that the source no longer has."""
    return settings.home / "sources" / f"{entity}.gone.parquet"


def write_gone(
    con: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, loads: list[Load]
) -> None:
    """Note which rows that the loads held back are gone at the source: they leave the quarantine.

    That lies beside the landing; without it they leave when the keys are compared again.
    """
    file = gone_file(settings, entity.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    number = loads[-1].number if loads else 0
    con.execute(
        f"copy (select distinct row_key, {number} as load from held "
        f"anti join (select {row_key(entity)} as row_key from key_rows) using (row_key)) "
        f"to '{draft}' (format parquet)"
    )
    draft.replace(file)


def _same_key(entity: Entity, other: str) -> str:
    return " and ".join(f"{other}.{key} = s.{key}" for key in entity.keys)


def _fetch_keys(mapping: Mapping, source: Source, names: list[str], file: Path) -> None:
    wanted = names if mapping.cursor in names else [*names, mapping.cursor]
    with (
        source.batches(mapping, wanted) as reader,
        pq.ParquetWriter(file, reader.schema, compression="lz4", write_statistics=False) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)


def _create_source_keys(
    con: duckdb.DuckDBPyConnection, entity: Entity, mapping: Mapping, file: Path
) -> None:
    """Create the view `key_rows` of what came and the table `source_keys` of its typed values.

    As text, which is dear, keys are made of those alone that need it.
    """
    con.execute(f"create or replace temp view incoming as select * from read_parquet('{file}')")
    con.execute(
        "create temp view key_rows as "
        f"select *, file_row_number as _at from read_parquet('{file}', file_row_number = true)"
    )
    types = types_of(con)
    cursor = Column(mapping.cursor, "timestamp")
    deleted = entity.column("is_deleted")
    values = ", ".join(
        f"{typed(entity.column(name), types)} as {name}" for name in (*entity.keys, "updated_at")
    )
    con.execute(
        f"""
        create temp table source_keys as
        select {values}, {typed(cursor, types)} as cursor_at,
            coalesce({typed(deleted, types)}, false) as is_deleted, _at
        from key_rows
        """
    )


def _create_landed_keys(con: duckdb.DuckDBPyConnection, entity: Entity, loads: list[Load]) -> None:
    """Create `landed_keys`: of each key the version that counts. Most have one alone."""
    keys = ", ".join(entity.keys)
    con.execute(
        f"""
        create temp view landed_versions as
        select {keys}, updated_at, coalesce(is_deleted, false) as is_deleted, _load, _row
        from {rows_sql(loads)}
        """
    )
    con.execute(
        f"create temp table repeated as select hash({keys}) as h from landed_versions "
        "group by h having count(*) > 1"
    )
    con.execute(
        f"""
        create temp table landed_keys as
        select {keys}, updated_at, is_deleted from landed_versions
        where hash({keys}) not in (select h from repeated)
        union all
        select {keys}, updated_at, is_deleted from landed_versions
        where hash({keys}) in (select h from repeated)
        qualify row_number() over (partition by {keys} order by {NEWEST}) = 1
        """
    )


def _create_differences(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Create `differences`: keys that stand on one side alone, or differ in stamp or deletion."""
    keys = ", ".join(entity.keys)
    con.execute(
        f"""
        create temp table differences as
        select {keys}, s._at, s.updated_at, s.cursor_at, s.is_deleted, l.updated_at as landed_at,
            l.is_deleted as landed_is_deleted, s._at is not null as is_at_source
        from source_keys as s full join landed_keys as l using ({keys})
        where s._at is null or l.is_deleted is null or l.is_deleted <> s.is_deleted
            or l.updated_at is distinct from s.updated_at
        """
    )


def _create_changed(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Create `changed`: rows of the source that the landing has not, unless it holds them back."""
    con.execute(
        f"""
        create temp table changed as
        select d.* exclude (landed_is_deleted, is_at_source), t.row_key
        from differences as d
        inner join (
            select _at, {row_key(entity)} as row_key, {stamp()} as stamp from key_rows
            where _at in (select _at from differences)
        ) as t using (_at)
        where not exists (
            select 1 from held as h
            where h.row_key = t.row_key and h.stamp is not distinct from t.stamp
        )
        """
    )


def _create_held(con: duckdb.DuckDBPyConnection, loads: list[Load]) -> None:
    files = [f"'{load.folder / HELD}'" for load in loads if (load.folder / HELD).is_file()]
    rows = f"read_parquet([{', '.join(files)}])" if files else "(select '' row_key, '' stamp)"
    con.execute(
        f"create or replace temp table held as select distinct row_key, stamp from {rows}"
        + ("" if files else " where false")
    )


def not_held(con: duckdb.DuckDBPyConnection, entity: Entity, loads: list[Load]) -> str:
    """Return a condition on fetched rows `i` that leaves out what is known to be held back."""
    _create_held(con, loads)
    return (
        f"not exists (select 1 from held as h where h.row_key = {row_key(entity)} "
        f"and h.stamp is not distinct from {stamp()})"
    )


def write_held(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, draft: Path
) -> None:
    """Keep keys and stamps of the rows that this load holds back."""
    value = stamp() if "updated_at" in incoming.types else "cast(null as varchar)"
    con.execute(
        f"copy (select distinct {row_key(entity)} as row_key, {value} as stamp from incoming "
        "where _row in (select source_row from bad_rows where is_held_back)) "
        f"to '{draft / HELD}' (format parquet)"
    )


def row_key(entity: Entity) -> str:
    """Return the key of a fetched row as one text, as the quarantine has it."""
    return " || '|' || ".join(f"coalesce(cast({quoted(k)} as varchar), '')" for k in entity.keys)


def stamp() -> str:
    """Return when a fetched row changed, as the source says it."""
    return "cast(updated_at as varchar)"
