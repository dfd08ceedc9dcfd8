"""Map a source to the contract by SQL: `sources/<name>/<entity>.sql`, one file per entity.

Each file is one select over the source's own files; `getvariable('data')` is their folder.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SOURCES = Path(__file__).parent / "sources"


def map_source(name: str, data: Path, out: Path, options: str = "header") -> Path:
    """Write the contract files of source `name` to `out` as CSV and return `out`."""
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    try:
        con.execute("set variable data = ?", [str(data)])
        for file in sorted((SOURCES / name).glob("*.sql")):
            con.execute(f"copy ({file.read_text('utf-8')}) to '{out / file.stem}.csv' ({options})")
    finally:
        con.close()
    return out
