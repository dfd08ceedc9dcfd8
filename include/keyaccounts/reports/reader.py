"""Read-only access to the current publication; the pointer is resolved once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.errors import ConfigurationError
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.settings import Settings


class Reader:
    """Queries over the marts for BI of one version."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._con = con
        self.folder, self.manifest = folder, read_manifest(folder)

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of one query by column name."""
        result = self._con.execute(sql, list(values))
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, sql: str, *values: object) -> dict[str, Any]:
        """Return the first row, or {}."""
        found = self.rows(sql, *values)
        return found[0] if found else {}


@contextmanager
def open_publication(settings: Settings) -> Iterator[Reader]:
    """Open the current publication; raises ConfigurationError before the first one."""
    version = current_version(settings)
    if version is None:
        raise ConfigurationError(
            f"nothing is published in {settings.home.name}: run `keyaccounts nightly` first "
            "or name the home with --home"
        )
    con = duckdb.connect(str(version / "keyaccounts.duckdb"), read_only=True)
    try:
        yield Reader(con, version)
    finally:
        con.close()
