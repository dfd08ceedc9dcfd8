"""Many small loads as one file, so that a year of nights is some twenty files an entity.

Loads stay as they landed: what is written here says the same once more, and may be removed.
"""

from __future__ import annotations

from itertools import chain

import duckdb

from keyaccounts.landing.loads import (
    WIDTHS,
    Load,
    compacted_file,
    group_at,
    loads_in_play,
    rows_files,
    rows_sql,
)
from keyaccounts.settings import Settings

LARGEST_BYTES = 128 * 2**20
"""What is larger is read in one go anyway, and dear to write again."""


def compact(settings: Settings, entity: str) -> None:
    """Write the rows of each whole group of small loads in play into one file, if none has them."""
    loads = loads_in_play(settings, entity)
    groups = chain.from_iterable(
        (group_at(loads, position, width) for position in range(len(loads)))
        for width in reversed(WIDTHS)
    )
    for group in groups:
        if group and not compacted_file(group).is_file() and _size(group) <= LARGEST_BYTES:
            _write(settings, group)


def _size(group: list[Load]) -> int:
    return sum(file.stat().st_size for file in rows_files(group))


def _write(settings: Settings, group: list[Load]) -> None:
    file = compacted_file(group)
    file.parent.mkdir(exist_ok=True)
    draft = file.parent.with_name(".new-compacted.parquet")
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        # Rows carry their number; to keep their order would take memory.
        con.execute("set preserve_insertion_order = false")
        place = str(draft).replace("'", "''")
        con.execute(f"copy (select * from {rows_sql(group)}) to '{place}' (format parquet)")
    finally:
        con.close()
    draft.replace(file)
