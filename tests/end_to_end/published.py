"""Publish a company in this process and read what was published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts import nightly
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.settings import Settings
from tests.conftest import data_tests_left_out, run_at, settings_for, silent


@dataclass(frozen=True)
class Publication:
    """One published version and the summary of the run that made it."""

    settings: Settings
    folder: Path
    summary: dict[str, Any]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one query over the published database, schema `marts`."""
        con = duckdb.connect(str(self.folder / "keyaccounts.duckdb"), read_only=True)
        try:
            return con.execute(sql).fetchall()
        finally:
            con.close()

    @property
    def marts(self) -> dict[str, Path]:
        """The Parquet file of each mart, the restricted ones too."""
        return {file.stem: file for file in sorted(self.folder.rglob("parquet/*.parquet"))}

    def mart_rows(self, mart: str, columns: str = "*", where: str = "true") -> list[Any]:
        """Rows of one mart's Parquet file, in its own order."""
        return (
            duckdb.connect()
            .execute(f"select {columns} from '{self.marts[mart]}' where {where}")
            .fetchall()
        )

    @property
    def digests(self) -> dict[str, str]:
        """The sha256 of each mart's Parquet file."""
        marts = read_manifest(self.folder)["marts"]
        return {name: facts["sha256"] for name, facts in marts.items()}


def publish_company(home: Path, source: Path, day: str, **more: Any) -> Publication:
    """Run all six steps, sending nothing, and return the version that became current."""
    settings, run = settings_for(home, source, **more), run_at(day)
    summary = nightly.nightly(settings, run, send=False, log=silent)
    folder = current_version(settings)
    assert folder is not None
    return Publication(settings, folder, summary)


def publish_again(home: Path, source: Path, day: str, **more: Any) -> Publication:
    """Publish what holds the same figures as a publication that the data tests have seen."""
    with data_tests_left_out():
        return publish_company(home, source, day, **more)
