"""Every data test and every reconciliation has been seen red, by its bad rows and by no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyaccounts.settings import PROJECT_ROOT
from tests.dbt.bad_rows.checks import read_project
from tests.dbt.bad_rows.company import shared_company
from tests.dbt.bad_rows.generated import generated
from tests.dbt.bad_rows.laid_over import Copy, changed
from tests.dbt.bad_rows.walk import WITHOUT_ROWS, BadRow, problems
from tests.dbt.bad_rows.written import told_rows, with_also, written

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    built = shared_company(tmp_path_factory.getbasetemp())
    laid_out = Copy(
        built.settings.warehouse, read_project(built.settings.home / "warehouse" / "target")
    )
    yield laid_out
    laid_out.con.close()


@pytest.fixture(scope="module")
def rows(copy: Copy) -> list[BadRow]:
    return [*with_also(generated(copy.project.checks.values())), *written()]


def test_each_check_is_red_by_its_bad_rows_and_by_no_others(copy: Copy, rows: list[BadRow]) -> None:
    checks = {*copy.project.checks, *copy.reconciliations()} - WITHOUT_ROWS
    assert len(checks) > 90
    assert problems(checks, rows, copy.red_by) == []


def test_the_company_is_good_and_stays_good(copy: Copy) -> None:
    assert copy.red(copy.project.checks.values()) == set()
    assert copy.reconciliations("check_status <> 'ok' and not check_name = 'roll_forward'") == set()


def test_each_table_with_a_check_has_rows(copy: Copy) -> None:
    tables = {table for check in copy.project.checks.values() for table in check.reads}
    assert [t for t in sorted(tables) if not copy.con.table(t).limit(1).fetchall()] == []


def test_a_check_reads_the_tables_that_dbt_says(copy: Copy) -> None:
    """Checks of untouched tables are not run, so what dbt says they read must be what they read."""
    for check in copy.project.checks.values():
        assert copy.tables_of(check) == check.reads, check.name


def test_only_checks_of_changed_tables_turn_red(copy: Copy, rows: list[BadRow]) -> None:
    """The same, seen: one bad row per folder of marts, and all checks."""
    marts = PROJECT_ROOT / "dbt_project" / "models" / "marts"
    folders = {f"marts.{file.stem}": file.parent.name for file in marts.rglob("*.sql")}
    one_per_folder = {folders[table]: row for row in rows for table in changed(row) & set(folders)}
    assert set(one_per_folder) == set(folders.values())
    for row in one_per_folder.values():
        with copy.holding(row):
            told = (row.red | set(row.also)) & set(copy.project.checks)
            assert copy.red(copy.project.checks.values()) == told, row.name


def test_a_check_is_red_by_the_row_that_it_names(copy: Copy, rows: list[BadRow]) -> None:
    names = {row.name for row in rows}
    for check in copy.project.checks.values():
        if check.kind in {"singular", "holds"} and check.name not in WITHOUT_ROWS:
            told = told_rows(check)
            assert told, f"{check.name} does not say by which bad row it is red"
            assert {f"{check.name}: {row}" for row in told} <= names, check.name
