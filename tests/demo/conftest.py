"""Small demo companies, generated once per test run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts.demo import generate

sys.path.insert(0, str(Path(__file__).parent))

END = date(2026, 10, 31)


@dataclass(frozen=True)
class Company:
    """One generated company: its folder, summary and stories."""

    folder: Path
    summary: dict[str, Any]
    stories: dict[str, Any]
    end: date

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        con = duckdb.connect()
        for file in sorted(self.folder.glob("*.parquet")):
            con.execute(f"create view {file.stem} as select * from '{file}'")
        return con.execute(sql).fetchall()

    def account(self, story: str, place: int = 0) -> str:
        found = [s for s in self.stories["stories"] if s["id"] == story]
        return str(found[0]["account_ids"][place])


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Company]:
    @cache
    def build(accounts: int, seed: int, months: int = 48, end: date = END) -> Company:
        folder = tmp_path_factory.mktemp("demo") / "out"
        summary = generate(
            folder,
            accounts=accounts,
            months=months,
            end=end,
            seed=seed,
            lines=accounts * months * 2,
        )
        stories = json.loads((folder / "stories.json").read_text("utf-8"))
        return Company(folder, summary, stories, end)

    return build


@pytest.fixture(scope="session", params=[(10, 7), (60, 1), (300, 42)], ids=str)
def any_company(request: pytest.FixtureRequest, company: Callable[..., Company]) -> Company:
    return company(*request.param)
