"""Each expectation at the two borders has been seen red, by its bad rows and by no others.

The measures are computed once per bad row; Great Expectations runs once over all of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow
import pytest

from keyaccounts.quality.check import Border, landing_border, marts_border
from keyaccounts.quality.great import validate
from keyaccounts.quality.model import Outcome
from keyaccounts.settings import Run, Settings
from tests.conftest import run_at
from tests.dbt.bad_rows.company import DAY as LAST_DAY
from tests.dbt.bad_rows.company import shared_company
from tests.dbt.bad_rows.walk import BadRow, problems
from tests.dbt.bad_rows.written import written
from tests.quality.conftest import DAY, company, deliver, publish

pytestmark = pytest.mark.slow
ROWS = Path(__file__).parent / "bad_rows"
# Expectations that only warn; all others stop the run.
WARNS = {
    "landing": {
        "invoices_are_fresh", "gross_is_plausible", "invoices_have_lines", "dates_are_near",
        "currency_codes_are_codes", "accounts_have_owners", "payments_are_applied",
    },
    "marts": {"no_unknown_address", "lists_do_not_shrink", "traps_are_the_exception"},
}  # fmt: skip
GOOD = BadRow("good rows", frozenset(), ())


def rows_of(border: str) -> list[BadRow]:
    return [GOOD, *written(ROWS / f"{border}.yml")]


def judged(border: Border, rows: list[BadRow], run: Run, site: Path) -> list[dict[str, Outcome]]:
    """Return the outcomes over each bad row, by expectation."""
    con = border.con
    _take_copy(con)
    good = _measured(border, GOOD)
    expectations, tables = [], {}
    for number, row in enumerate(rows):
        measured = good if row is GOOD else _measured(border, row)
        for name, table in measured.items():
            # What a bad row leaves as it was is judged once, over the good rows.
            if row is not GOOD and table.equals(good[name]):
                continue
            con.register("measured", table)
            con.execute(f"create table checks.main.{name}_{number} as select * from measured")
            tables[f"{name}_{number}"] = f"checks.main.{name}_{number}"
            expectations += [
                replace(e, name=f"{e.name} {number}", measure=f"{name}_{number}")
                for e in border.suite.expectations
                if e.measure == name
            ]
    suite = replace(border.suite, expectations=tuple(expectations))
    found: list[dict[str, Outcome]] = [{} for _ in rows]
    for outcome in validate(con, suite, tables, run, site):
        name, number = outcome.expectation.name.split()
        found[int(number)][name] = outcome
    return [found[rows.index(GOOD)] | of_row for of_row in found]


def _take_copy(con: duckdb.DuckDBPyConnection) -> None:
    """Make tables of all tables and views, so that each of them can hold a bad row."""
    tables = con.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = current_database() order by all"
    ).fetchall()
    con.execute("attach ':memory:' as laid")
    for schema, table in tables:
        con.execute(f"create schema if not exists laid.{schema}")
        con.execute(f"create table laid.{schema}.{table} as from {schema}.{table} order by all")
    con.execute("use laid")


def _measured(border: Border, row: BadRow) -> dict[str, pyarrow.Table]:
    """Return the measures over a bad row, which is taken back."""
    border.con.execute("begin")
    try:
        for statement in row.do:
            border.con.execute(statement)
        return {
            m.name: border.con.sql(f"from ({m.sql}) order by all").to_arrow_table()
            for m in border.measures
        }
    finally:
        border.con.execute("rollback")


def wrong(border: Border, rows: list[BadRow], run: Run, site: Path) -> list[str]:
    """Return what is wrong with the bad rows of a border, and with what is said of them."""
    outcomes = dict(zip((r.name for r in rows), judged(border, rows, run, site), strict=True))
    red = {
        name: {e for e, outcome in found.items() if not outcome.success}
        for name, found in outcomes.items()
    }
    checks = {e.name for e in border.suite.expectations}
    said = [
        f"{row.name}: observed is {outcomes[row.name][check].observed!r}, not {row.observed!r}"
        for row in rows
        for check in row.red & red[row.name]
        if row.observed not in outcomes[row.name][check].observed
    ]
    return problems(checks, rows, lambda row: red[row.name]) + said


@pytest.fixture
def landed(home: Settings) -> Settings:
    """100 rows of each entity were published yesterday, 101 are there today."""
    yesterday = run_at("2026-06-29")
    deliver(home, yesterday, **company(100))
    publish(home, yesterday)
    deliver(home, run_at(DAY), **company(101))
    return home


def test_each_expectation_on_what_came_in(landed: Settings, tmp_path: Path) -> None:
    run = run_at(DAY)
    with landing_border(landed, run) as border:
        assert {e.name for e in border.suite.expectations if not e.blocks} == WARNS["landing"]
        assert wrong(border, rows_of("landing"), run, tmp_path / "site") == []


def test_each_expectation_on_what_goes_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    built = shared_company(tmp_path_factory.getbasetemp())
    settings, counts = (
        built.settings,
        built.rows(
            "select table_name, estimated_size from duckdb_tables() where schema_name = 'marts'"
        ),
    )
    publish(settings, run_at("2026-10-30"), dict(counts))
    run, site = run_at(LAST_DAY), tmp_path_factory.mktemp("site")
    with marts_border(settings, run) as border:
        assert {e.name for e in border.suite.expectations if not e.blocks} == WARNS["marts"]
        assert wrong(border, rows_of("marts"), run, site) == []
