"""The walk over bad rows goes red itself: a blind check, a forgotten word, a check that is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.dbt.bad_rows.checks import Check, Project
from tests.dbt.bad_rows.generated import generated
from tests.dbt.bad_rows.laid_over import Copy, changed
from tests.dbt.bad_rows.walk import BadRow, problems
from tests.dbt.bad_rows.written import told_rows, with_also, written

COUNTED = "select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error"
TABLE = "marts.prices"
LOW = BadRow("a price below zero", frozenset({"positive"}), (f"update {TABLE} set price = -1",))
NONE = BadRow(
    "no price", frozenset({"known"}), (f"update {TABLE} set price = null",), {"positive": "null"}
)


def check(name: str, where: str) -> Check:
    """Return a check of the prices that fails for the rows `where`."""
    sql = f"{COUNTED} from (select * from shop.{TABLE} where {where}) as bad"
    return Check(name, "singular", "", {}, frozenset({TABLE}), sql, True, "")


CHECKS = [check("positive", "(price > 0) is not true"), check("known", "price is null")]
Walk = Callable[..., list[str]]


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    """Walk bad rows over one price of 1."""
    con = duckdb.connect(str(tmp_path / "shop.duckdb"))
    con.execute(f"create schema marts; create table {TABLE} as select 'A' as item, 1 as price")
    con.close()

    def found(rows: list[BadRow], checks: list[Check] = CHECKS) -> list[str]:
        project = Project({c.name: c for c in checks}, {})
        copy = Copy(tmp_path / "shop.duckdb", project)
        return problems(project.checks, rows, copy.red_by)

    return found


def test_good_rows_are_no_problem(walk: Walk) -> None:
    assert walk([LOW, NONE]) == []


def test_a_check_without_a_bad_row_is_named(walk: Walk) -> None:
    assert walk([LOW]) == ["known has no bad row"]


def test_a_check_that_finds_nothing_is_named(walk: Walk) -> None:
    blind = [check("positive", "false"), CHECKS[1]]
    assert walk([LOW, NONE], blind) == [
        "a price below zero: positive stays green",
        "no price: positive stays green",
    ]


def test_a_check_that_passes_null_is_named(walk: Walk) -> None:
    careless = [check("positive", "not (price > 0)"), CHECKS[1]]
    assert walk([LOW, NONE], careless) == ["no price: positive stays green"]


def test_a_check_that_sees_a_row_undeclared_is_named(walk: Walk) -> None:
    forgotten = replace(NONE, also={})
    assert walk([LOW, forgotten]) == ["no price: positive is red, undeclared"]


def test_a_check_that_is_declared_and_does_not_see_the_row_is_named(walk: Walk) -> None:
    too_much = replace(LOW, also={"known": "a price is a price"})
    assert walk([too_much, NONE]) == ["a price below zero: known stays green"]


def test_a_bad_row_whose_check_is_gone_is_named(walk: Walk) -> None:
    assert walk([LOW, NONE], CHECKS[1:]) == [
        "a price below zero: there is no check positive",
        "no price: there is no check positive",
    ]


def test_a_bad_row_that_no_statement_lays_over_is_named(walk: Walk) -> None:
    assert walk([replace(LOW, do=(f"update {TABLE} set price = -1 where false",)), NONE]) == [
        "a price below zero: positive stays green"
    ]


def test_a_bad_row_is_taken_back(walk: Walk) -> None:
    assert walk([LOW, LOW, NONE, LOW]) == []


def test_a_warning_counts_as_dbt_counts_it(walk: Walk) -> None:
    never = f"select 1 as failures, true as should_warn, false as should_error from shop.{TABLE}"
    warns = replace(CHECKS[0], executed=never, is_error=False)
    assert walk([LOW, NONE], [warns, CHECKS[1]]) == []
    tolerant = replace(CHECKS[0], executed=never.replace("true", "false"))
    assert "a price below zero: positive stays green" in walk([LOW, NONE], [tolerant, CHECKS[1]])


def test_a_statement_that_hides_its_table_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot see which table is changed by: with x as"):
        changed(replace(LOW, do=("with x as (select 1) delete from marts.prices",)))


def test_generated_rows_come_from_the_arguments(walk: Walk) -> None:
    grain = replace(
        CHECKS[0], name="prices.grain", kind="grain_is_unique", model=TABLE,
        arguments={"columns": ["item"]},
    )  # fmt: skip
    contract = replace(
        grain, name="prices.contract", kind="columns_hold_contract",
        arguments={"required": ["item", "price"], "values": {"item": ["A"]},
                   "elements": {"item": ["A", "B"]}},
    )  # fmt: skip
    assert [(row.name, sorted(row.red)) for row in generated([grain, contract])] == [
        ("marts.prices: a row stands twice", ["prices.grain"]),
        ("marts.prices: item is null", ["prices.contract", "prices.grain"]),
        ("marts.prices: price is null", ["prices.contract"]),
        ("marts.prices: item is not in its list", ["prices.contract"]),
        ("marts.prices: item has a word that is not in its list", ["prices.contract"]),
        ("marts.prices: item has two words without a pipe between them", ["prices.contract"]),
        ("marts.prices: item has an empty word", ["prices.contract"]),
        ("marts.prices: item has no word", ["prices.contract"]),
    ]
    # `known` is no check of its kind, so nobody makes its row: it is complained about by name.
    assert "known has no bad row" in walk(generated([grain]), [grain, CHECKS[1]])


def test_what_is_said_of_a_row_that_is_not_generated_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "also_red.yml"
    file.write_text("positive:\n  - {table: marts.gone, why: was there, sees: [price is null]}\n")
    with pytest.raises(ValueError, match=r"not generated: \['marts.gone: price is null'\]"):
        with_also([LOW], file)


def test_a_row_by_hand_and_the_rows_that_a_check_tells(tmp_path: Path) -> None:
    file = tmp_path / "prices.yml"
    file.write_text(
        "positive:\n  - row: a price of 0\n    do: 'update a.b set c = 0; delete from a.d'\n"
        "    also: {known: null is no price}\n"
    )
    (row,) = written(file)
    assert (row.name, row.do) == (
        "positive: a price of 0",
        ("update a.b set c = 0", "delete from a.d"),
    )
    assert changed(row) == {"a.b", "a.d"}
    told = "-- Prices.\n-- Red by a price of\n-- 0, or by one below zero. Rounded.\nselect 1.5"
    assert told_rows(replace(CHECKS[0], told=told)) == ["a price of 0", "one below zero"]
    assert told_rows(replace(CHECKS[0], told="Prices are positive.")) == []
