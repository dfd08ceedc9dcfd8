"""Land one load of contract files, and how any load is committed: atomically."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import CONTRACT_VERSION, Entity, load_contract
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.checked import (
    Landed,
    collect_bad,
    create_checked_view,
    mask,
    refuse_bad_share,
    summary,
)
from keyaccounts.landing.loads import HELD_ROWS, MANIFEST, QUARANTINE, ROWS, all_loads, row_digest
from keyaccounts.landing.rules import rules_of
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.files import Incoming, open_file, quoted


@dataclass(frozen=True)
class Fetched:
    """What a stream held: its rows, and the nulls in each column."""

    rows: int
    nulls: dict[str, int]


def land(settings: Settings, run: Run, entity_name: str) -> Landed:
    """Check one entity's file and land it as a new load, atomically.

    A load whose rows equal those of the newest load is not written again.
    Raises SourceRefusedError when a required column is missing, or when more than
    `settings.max_quarantine_share` of the rows break a rule; then nothing lands.
    """
    if settings.source is None:
        raise SourceRefusedError("no source is set: give --source DIR or KEYACCOUNTS_SOURCE")
    return land_file(settings, run, entity_name, settings.source)


def land_file(settings: Settings, run: Run, entity_name: str, source: Path) -> Landed:
    """Land the file of an entity in the folder `source`; as `land`."""
    entity = load_contract()[entity_name]
    with drafted(settings, entity_name) as (con, draft):
        incoming = open_file(con, source, entity_name)
        _refuse_missing_columns(entity, incoming)
        try:
            landed = write_checked_rows(con, settings, entity, incoming, draft)
        except duckdb.InvalidInputException as error:
            raise SourceRefusedError(
                f"{incoming.label} cannot be taken apart: a quote is torn, or its lines end in "
                "more than one way. Write it anew, or say file and columns in sources.yml: then "
                "it is read line by line"
            ) from error
        refuse_bad_share(settings, incoming, landed)
        facts = {"window": {"from": None, "to": run.as_of_date.isoformat()}}
        return commit(con, settings, run, entity, incoming, landed, draft, facts)


@contextmanager
def drafted(settings: Settings, entity: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Give a database in memory and a folder for a new load; what is not committed goes."""
    folder = settings.landing / entity
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = folder / f".new-{uuid.uuid4().hex}"
    draft.mkdir()
    con = connect(settings, draft)
    try:
        yield con, draft
    finally:
        con.close()
        shutil.rmtree(draft, ignore_errors=True)


def connect(settings: Settings, scratch: Path) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that spills into a folder."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{settings.memory_limit}'")
    con.execute(f"set threads = {settings.threads}")
    con.execute(f"set temp_directory = '{scratch / 'spill'}'")
    return con


def _refuse_missing_columns(entity: Entity, incoming: Incoming) -> None:
    missing = [c.name for c in entity.columns if c.is_required and c.name not in incoming.columns]
    if missing:
        raise SourceRefusedError(
            f"{incoming.label}: required column {', '.join(missing)} is missing; "
            f"the file has {', '.join(incoming.columns)}"
        )


def write_checked_rows(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    entity: Entity,
    incoming: Incoming,
    draft: Path,
) -> Landed:
    """Check all rows of `incoming`, write the good ones into the draft, and return the counts."""
    write_good_rows(con, settings, entity, incoming, draft)
    return judge_rows(con, settings, entity, incoming, draft)


def write_good_rows(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    entity: Entity,
    incoming: Incoming,
    draft: Path,
) -> None:
    """Write the rows of `incoming` that break no rule into the draft; reads them once."""
    rules = rules_of(entity, incoming.types, incoming.words)
    create_checked_view(con, entity, incoming, rules)
    number = next_number(settings, entity.name)
    columns = ", ".join(column.name for column in entity.columns)
    held_back = mask(rules, holds_back=True)
    con.execute(
        f"copy (select {columns}, _row, cast({number} as integer) as _load from checked "
        f"where (_broken & {held_back}) = 0) to '{draft / ROWS}' (format parquet)"
    )


def judge_rows(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    entity: Entity,
    incoming: Incoming,
    draft: Path,
    fetched: Fetched | None = None,
) -> Landed:
    """Name the rows of `incoming` that broke a rule, and count the good ones of the draft.

    With what was `fetched` it is seen without a second look when none did.
    """
    is_clean = fetched is not None and _is_clean(con, fetched, draft / ROWS)
    rules = rules_of(entity, incoming.types, incoming.words)
    # The rows may lie in a file by now, with other types than they arrived with.
    create_checked_view(con, entity, incoming, rules)
    collect_bad(con, entity, incoming, rules, is_clean=is_clean)
    return summary(con, entity, incoming, next_number(settings, entity.name), draft)


def _is_clean(con: duckdb.DuckDBPyConnection, fetched: Fetched, file: Path) -> bool:
    """Return whether all rows came through with all their values, by what the file says of itself.

    A broken rule costs a row or makes a value null. An empty text becomes null and breaks none, so
    with one of these the rows are looked at again.
    """
    found = con.execute(
        "select path_in_schema, sum(num_values), sum(stats_null_count) "
        f"from parquet_metadata('{file}') group by all"
    ).fetchall()
    landed = {column: (int(rows), nulls) for column, rows, nulls in found}
    return all(landed.get(c) == (fetched.rows, nulls) for c, nulls in fetched.nulls.items())


def commit(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    run: Run,
    entity: Entity,
    incoming: Incoming,
    landed: Landed,
    draft: Path,
    facts: Mapping[str, Any],
    more_files: tuple[str, ...] = (),
) -> Landed:
    """Make a load of the draft by one rename, unless the newest load says the same.

    `facts` go into the manifest: `window`, and what else the reader of the source knows.
    """
    mode = facts.get("mode", "full")
    content_hash = _content_hash(con, entity, draft, facts.get("mapping"))
    existing = all_loads(settings, entity.name)
    newest = existing[-1].manifest if existing else {}
    if newest.get("content_hash") == content_hash and newest["mode"] == mode:
        return replace(landed, load=existing[-1].number, is_new=False)
    con.execute(
        f"copy (select * from bad_rows order by all) to '{draft / QUARANTINE}' (format parquet)"
    )
    if _write_held_rows(con, entity, incoming, draft):
        more_files = (*more_files, HELD_ROWS)
    manifest = {
        "entity": entity.name,
        "load": landed.load,
        "mode": mode,
        "source": incoming.label,
        "header_rows": incoming.place.header_rows,
        "contract_version": CONTRACT_VERSION,
        "as_of_date": run.as_of_date.isoformat(),
        "loaded_at": run.wall_time.astimezone(UTC).isoformat(timespec="seconds"),
        **facts,
        "rows": landed.rows,
        "quarantined": landed.quarantined,
        "nulled": landed.nulled,
        "unknown_columns": landed.unknown_columns,
        "missing_columns": landed.missing_columns,
        **({"readings": incoming.readings} if incoming.readings else {}),
        "content_hash": content_hash,
        "files": [_file_facts(draft / name) for name in (ROWS, QUARANTINE, *more_files)],
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (draft / MANIFEST).write_text(text, encoding="utf-8")
    _remove_scratch(draft, {MANIFEST, ROWS, QUARANTINE, *more_files})
    draft.rename(settings.landing / entity.name / f"{landed.load:06d}")
    return landed


def _remove_scratch(draft: Path, kept: set[str]) -> None:
    """Remove what the load was made of: all that the source sent, and where the database spilt."""
    for path in draft.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in kept:
            path.unlink()


def _write_held_rows(
    con: duckdb.DuckDBPyConnection, entity: Entity, incoming: Incoming, draft: Path
) -> bool:
    """Keep the rows that are held back as they came, so that they can be checked again.

    Columns that are not in the contract are not kept: nobody asked for them.
    """
    there = con.execute("from duckdb_tables() where table_name = 'broken_values'").fetchall()
    held = "select source_row from bad_rows where is_held_back and source_row is not null"
    if not there or not con.execute(f"from ({held}) limit 1").fetchall():
        return False
    names = [c.name for c in entity.columns if c.name in incoming.types]
    listed = ", ".join(map(quoted, ["_row", *names, *incoming.readings.values()]))
    con.execute(
        f"copy (select {listed} from broken_values where _row in ({held}) order by _row) "
        f"to '{draft / HELD_ROWS}' (format parquet)"
    )
    return True


def _content_hash(
    con: duckdb.DuckDBPyConnection, entity: Entity, draft: Path, mapping: str | None
) -> str:
    """Return a hash of rows and bad rows that does not depend on the order of rows."""
    columns = ", ".join(column.name for column in entity.columns)
    rows = con.execute(
        f"select count(*), sum({row_digest(columns)}) from read_parquet('{draft / ROWS}')"
    ).fetchall()[0]
    bad = con.execute(
        f"select count(*), sum({row_digest('row_key, column_name, value, rule')}) from bad_rows"
    ).fetchall()[0]
    text = f"{CONTRACT_VERSION}|{columns}|{rows}|{bad}" + (f"|{mapping}" if mapping else "")
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _file_facts(file: Path) -> dict[str, object]:
    digest = hashlib.sha256()
    with file.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return {"name": file.name, "bytes": file.stat().st_size, "sha256": digest.hexdigest()}


def next_number(settings: Settings, entity: str) -> int:
    """Return the number of the next load of an entity."""
    taken = [
        int(path.name)
        for path in (settings.landing / entity).iterdir()
        if path.name.isdigit() and (path / MANIFEST).exists()
    ]
    return max(taken, default=0) + 1
