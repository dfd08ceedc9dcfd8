"""One Superset for all tests of this folder: two workers, its metadata in a real Postgres."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from keyaccounts.demo import generate
from keyaccounts.settings import PROJECT_ROOT
from tests.bi.client import User
from tests.end_to_end.published import publish_again
from tests.postgres import started_server

sys.path.insert(0, str(PROJECT_ROOT / "scripts"))
from local_airflow import free_port
from local_superset import BIN, LocalSuperset

DAY = "2026-10-20"
"""In the middle of a month: the running one is not complete."""
PASSWORD = "correct-horse-battery"
USERS = {"admin": "admin", "bi": "bi_user", "lead": "sales_lead", "finance": "finance_control",
         "engineer": "data_engineering"}  # fmt: skip
# What the figures of a later version are: those of the first, times the number of the version.
SCALED = {"receivables_aging": "gross_open_amount", "accounts": "ttm_profit_amount"}


@dataclass(frozen=True)
class Home:
    """A home with one real version; `publish` adds others."""

    folder: Path

    @property
    def published(self) -> Path:
        return self.folder / "published"

    @property
    def current(self) -> Path:
        return (self.published / "current").resolve()

    def rows(self, sql: str, file: str = "keyaccounts.duckdb") -> list[tuple[object, ...]]:
        """Ask the current version."""
        con = duckdb.connect(str(self.current / file), read_only=True)
        try:
            return con.execute(sql).fetchall()
        finally:
            con.close()

    def publish(self, factor: int) -> str:
        """Publish the first version again with larger figures, as the project publishes."""
        first = min(self.published.glob("0*"))
        names = sorted(path.name for path in self.published.glob("0*"))
        name = f"{int(names[-1][:6]) + 1:06d}_{DAY}"
        draft = self.published / f".new-{name}"
        shutil.copytree(first, draft)
        con = duckdb.connect(str(draft / "keyaccounts.duckdb"))
        for mart, column in SCALED.items():
            con.execute(f"update marts.{mart} set {column} = {column} * {factor}")
        con.close()
        manifest = json.loads((draft / "manifest.json").read_text("utf-8"))
        (draft / "manifest.json").write_text(json.dumps({**manifest, "version": name}), "utf-8")
        draft.rename(self.published / name)
        self.point(name)
        return name

    def point(self, name: str) -> None:
        """Move `current` by one rename."""
        link = self.published / ".current-new"
        link.symlink_to(name, target_is_directory=True)
        link.replace(self.published / "current")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home with a small demo company, published in the middle of a month."""
    folder = tmp_path_factory.mktemp("bi")
    generate(folder / "source", accounts=80, months=36, end=date(2026, 10, 31))
    publish_again(folder / "home", folder / "source", DAY)
    return Home(folder / "home")


@pytest.fixture(scope="session")
def manager(home: Home) -> str:
    """Return an account manager who has accounts with open items, drops and candidates."""
    return str(home.rows(
        "select owner_user_id from marts.accounts where overdue_amount > 0 and is_tier_unit "
        "group by 1 order by count(*) desc, 1 limit 1"
    )[0][0])  # fmt: skip


@pytest.fixture(scope="session")
def superset(
    home: Home, manager: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalSuperset]:
    """Return a running Superset over the home."""
    if not (BIN / "superset").is_file():
        pytest.skip("no .venv-bi: run make setup-bi")
    with started_server() as server:
        folder = tmp_path_factory.mktemp("superset")
        url = server.url().replace("postgresql://", "postgresql+psycopg2://")
        running = LocalSuperset(folder, home.folder, free_port(), metadata_url=url)
        running.install()
        running.add_users({**USERS, manager: "account_manager"}, PASSWORD)
        running.start()
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def sign_in(superset: LocalSuperset) -> Callable[[str], User]:
    """Return what signs somebody in; once for each user."""
    known: dict[str, User] = {}

    def signed_in(name: str) -> User:
        if name not in known:
            known[name] = User(superset.url, name, PASSWORD)
        return known[name]

    return signed_in
