"""What has landed: a load exists when its manifest exists."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import CONTRACT_VERSION, Entity, load_contract
from keyaccounts.settings import Settings

MANIFEST = "manifest.json"
COMPACTED = "compacted"
WIDTHS = (256, 16)
"""How many loads one compacted file may stand for; they are numbered from k * width + 1 on."""
ROWS = "part-00000.parquet"
QUARANTINE = "quarantine.parquet"
HELD_ROWS = "held_rows.parquet"
"""The rows that a load held back, as they came; absent where none was, or in older loads."""


@dataclass(frozen=True)
class Load:
    """One landed load of one entity. `number` counts from 1 within the entity."""

    entity: str
    number: int
    folder: Path
    manifest: dict[str, Any]

    @property
    def rows_file(self) -> Path:
        """The Parquet file of the accepted rows."""
        return self.folder / ROWS

    @property
    def quarantine_file(self) -> Path:
        """The Parquet file of what was held back or made null; may be absent."""
        return self.folder / QUARANTINE


def all_loads(settings: Settings, entity: str) -> list[Load]:
    """Return the entity's loads, oldest first."""
    folder = settings.landing / entity
    if not folder.is_dir():
        return []
    found = [
        Load(entity, int(file.parent.name), file.parent, json.loads(file.read_text("utf-8")))
        for file in folder.glob(f"*/{MANIFEST}")
    ]
    return sorted(found, key=lambda load: load.number)


def loads_in_play(settings: Settings, entity: str) -> list[Load]:
    """Return the loads whose rows count: from the newest full load on.

    A full load says all that the entity holds, so what it leaves out was deleted at the source.
    """
    return in_play(all_loads(settings, entity))


def in_play(loads: list[Load]) -> list[Load]:
    """Return the loads of one entity whose rows counted when these had landed, oldest first."""
    full = [position for position, load in enumerate(loads) if load.manifest["mode"] == "full"]
    return loads[full[-1] :] if full else loads


def fingerprint(settings: Settings, entities: list[str]) -> str:
    """Return a name for the state of the landing: equal exactly when the same loads count."""
    state = [
        f"{entity}/{load.number}/{load.manifest['content_hash']}"
        for entity in entities
        for load in all_loads(settings, entity)
    ]
    return hashlib.sha256("\n".join(state).encode()).hexdigest()[:16]


def group_at(loads: list[Load], position: int, width: int) -> list[Load]:
    """Return the `width` loads from a position on, if they may be one compacted file; else []."""
    group = loads[position : position + width]
    first = group[0].number
    is_whole = [load.number for load in group] == list(range(first, first + width))
    return group if first % width == 1 and is_whole else []


def compacted_file(group: list[Load]) -> Path:
    """Return the file that holds the rows of a group, once written; its name says their content."""
    content = "|".join(load.manifest["content_hash"] for load in group)
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    first, last = group[0], group[-1]
    name = f"{first.folder.name}-{last.folder.name}-{digest}.parquet"
    return first.folder.parent / COMPACTED / name


def rows_files(loads: list[Load]) -> list[Path]:
    """Return the files that hold the rows of one entity's `loads`, oldest first.

    Where `compact` wrote what many small loads hold into one file, it stands for them.
    """
    files: list[Path] = []
    position = 0
    while position < len(loads):
        groups = (group_at(loads, position, width) for width in WIDTHS)
        compacted = next((g for g in groups if g and compacted_file(g).is_file()), [])
        files.append(compacted_file(compacted) if compacted else loads[position].rows_file)
        position += len(compacted) or 1
    return files


def quarantine_sql(loads: list[Load]) -> str:
    """Return a list of files in SQL: those that say what the loads held back or made null.

    Where nothing was, it is one file without a row, for its columns.
    """
    bad = [load for load in loads if load.manifest["quarantined"] or load.manifest.get("nulled")]
    files = (str(load.quarantine_file).replace("'", "''") for load in bad or loads[-1:])
    return "[" + ", ".join(f"'{file}'" for file in files) + "]"


def rows_sql(loads: list[Load]) -> str:
    """Return a SQL table expression over the accepted rows of one entity's `loads`.

    It has the columns of the contract: what a load of an earlier version lacks is null.
    """
    files = ", ".join("'" + str(file).replace("'", "''") + "'" for file in rows_files(loads))
    if are_of_today(loads):
        return f"read_parquet([{files}])"
    return (
        f"({no_rows_sql(load_contract()[loads[0].entity])} "
        f"union all by name select * from read_parquet([{files}], union_by_name = true))"
    )


def row_key_sql(entity: Entity) -> str:
    """Return the key of a landed row as one text, as the quarantine has it."""
    return " || '|' || ".join(f"coalesce(cast({key} as varchar), '')" for key in entity.keys)


def no_rows_sql(entity: Entity) -> str:
    """Return a select of no row that has the columns of a landed entity."""
    columns = [f"cast(null as {c.sql_type}) as {c.name}" for c in entity.columns]
    extra = ["cast(null as bigint) as _row", "cast(null as integer) as _load"]
    return f"select {', '.join(columns + extra)} where false"


def are_of_today(loads: list[Load]) -> bool:
    """Return whether all were landed by the contract's present version."""
    return all(load.manifest["contract_version"] == CONTRACT_VERSION for load in loads)


def row_digest(columns: str) -> str:
    """Return a SQL expression for a digest of a row that may be summed up over rows.

    Texts that differ in little may share DuckDB's own hash (2.0.0: 'PAY000001-20240624' and
    'PAY000091-20240124'), so it hashes only what MD5 made of the row's text, in which values are
    quoted and null is no text.
    """
    return f"cast(hash(md5_number(cast(row({columns}) as varchar))) as hugeint)"


def latest_rows(settings: Settings, entity: str) -> list[dict[str, object]]:
    """Return the newest landed version of each row of a small entity; [] when it is absent."""
    loads = loads_in_play(settings, entity)
    if not loads:
        return []
    con = duckdb.connect()
    try:
        key = con.execute(f"describe select * from {rows_sql(loads)}").fetchall()[0][0]
        result = con.execute(
            f"""
            select * from (
                select * from {rows_sql(loads)}
                qualify row_number() over (
                    partition by {key} order by updated_at desc nulls last, _load desc, _row
                ) = 1
            )
            where is_deleted is not true
            order by {key}
            """
        )
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    finally:
        con.close()
