"""Builders that the tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.landing.resolve import resolve
from keyaccounts.settings import Run, Settings, load_settings
from keyaccounts.warehouse import build

SHARING = {
    "audited company": {
        f"tests/storage/test_{name}.py" for name in ("landing", "postgres", "publication")
    },
    "bad rows": {
        "tests/dbt/test_bad_rows.py", "tests/dbt/test_engine_cases.py",
        "tests/quality/test_bad_rows.py",
    },
    "demo company": {
        "tests/end_to_end/test_determinism.py", "tests/faults/test_kill.py",
        "tests/pages/test_airflow.py", "tests/texts/test_renderings.py",
    },
    "random companies": {
        f"tests/properties/test_{name}.py" for name in ("companies", "countback", "harness", "red")
    },
}  # fmt: skip
"""Files whose tests run in one process, because they ask about one company."""
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
ENGINE: dict[str, Any] = {}
"""What `settings_for` adds; filled where the tests run on another engine than DuckDB."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the fixtures be asked of Spark."""
    parser.addoption(
        "--engine", choices=("duckdb", "spark"), default="duckdb",
        help="engine of tests/acceptance: fixtures of the definition on duckdb or on spark",
    )  # fmt: skip


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file in one process, and files that share a company: it is built once."""
    from xdist.scheduler import LoadFileScheduling

    class ByCompany(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return next((name for name, files in SHARING.items() if file in files), file)

    return ByCompany(config, log) if config.getvalue("dist") == "loadfile" else None


def run_at(day: str | date) -> Run:
    """Return a run as of `day`, with the wall time of the morning after."""
    as_of = date.fromisoformat(str(day))
    wall = datetime(as_of.year, as_of.month, as_of.day, 23, tzinfo=UTC)
    return Run(as_of, wall)


def settings_for(home: Path, source: Path | None = None, **more: Any) -> Settings:
    """Return settings that read no environment; one thread, as the tests share the machine."""
    given = {"threads": 1, **ENGINE, **more}
    return load_settings(environ={}, home=str(home), source=source and str(source), **given)


def silent(_: str) -> None:
    """Log nothing."""


@contextmanager
def data_tests_left_out(*selected: str) -> Iterator[None]:
    """Build without the data tests, half of the time: for what is compared figure by figure.

    `selected` are models to build alone, as dbt selects them.
    """
    build = import_module("keyaccounts.warehouse.build")
    some = ("--select", *selected) if selected else ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "NO_UNIT_TESTS", (*build.NO_TESTS, *some))
        yield


@dataclass(frozen=True)
class Warehouse:
    """A built warehouse; `rows` returns plain tuples."""

    settings: Settings
    run: Run

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one query over the built warehouse."""
        con = duckdb.connect(str(self.settings.warehouse), read_only=True)
        try:
            return con.execute(sql).fetchall()
        finally:
            con.close()

    def records(self, sql: str) -> list[dict[str, Any]]:
        """Run one query and return its rows by column name."""
        con = duckdb.connect(str(self.settings.warehouse), read_only=True)
        try:
            result = con.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        finally:
            con.close()


def build_company(home: Path, source: Path, day: str, **more: Any) -> Warehouse:
    """Land a source folder and build the warehouse: the steps without publishing."""
    settings, run = settings_for(home, source, **more), run_at(day)
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run, entity, silent)
    build(settings, run, resolve(settings), silent)
    return Warehouse(settings, run)


@pytest.fixture(autouse=True, scope="module")
def environment_stays() -> Iterator[None]:
    """Fail where a file leaves settings in the environment: later tests would read them."""
    before = _settings_in_environment()
    yield
    assert _settings_in_environment() == before


def _settings_in_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith("KEYACCOUNTS_")}


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Warehouse]:
    """Build the company that `write(folder)` writes, as of a day."""

    def made(write: Callable[[Path], None], day: str, **more: Any) -> Warehouse:
        write(tmp_path / "source")
        return build_company(tmp_path / "home", tmp_path / "source", day, **more)

    return made
