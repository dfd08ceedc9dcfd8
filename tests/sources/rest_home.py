"""A home whose sources are an API on the loopback."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts import nightly
from keyaccounts.landing.loads import loads_in_play, rows_sql
from keyaccounts.settings import Settings
from tests.conftest import run_at, settings_for
from tests.sources.api import Api


@dataclass
class Home:
    """A home that reads `text`; URL in it is the address of the API."""

    api: Api
    folder: Path
    text: str
    log: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings, with the file written."""
        file = self.folder / "sources.yml"
        file.write_text(self.text.replace("url: URL", f"url: {self.api.url}"), "utf-8")
        return settings_for(self.folder / "home", sources=str(file))

    def extract(self, day: str, *entities: str, **told: frozenset[str]) -> dict[str, Any]:
        """Land entities; return what each extraction said."""
        self.log.clear()
        found = nightly.extract_all(
            self.settings, run_at(day), entities, self.log.append, nightly.Told(**told)
        )
        return {landed["entity"]: landed for landed in found}

    def rows(self, entity: str, columns: str, key: str | None = None) -> list[tuple[Any, ...]]:
        """Return live rows of an entity, the newest version of each."""
        loads = loads_in_play(self.settings, entity)
        if not loads:
            return []
        key = key or columns.split(",")[0]
        con = duckdb.connect()
        try:
            return con.execute(
                f"select {columns} from (select * from {rows_sql(loads)} qualify row_number() "
                f"over (partition by {key} order by updated_at desc nulls last, _load desc, _row) "
                "= 1) where is_deleted is not true order by all"
            ).fetchall()
        finally:
            con.close()

    def landing(self) -> list[str]:
        """Return what lies in the landing."""
        root = self.folder / "home" / "landing"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
