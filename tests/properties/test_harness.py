"""What the harness builds is what dbt builds: many companies at once as one by one, both as dbt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts.contract import load_contract
from keyaccounts.warehouse.build import run_dbt
from tests.conftest import settings_for, silent
from tests.properties.companies import ALL, BATCH
from tests.properties.compiled import project_for, variables_for
from tests.properties.crowd import batch, crowd
from tests.properties.harness import ARROW_TYPES, UNKEYED, Builder
from tests.properties.keyed import keyed


def tables(rows_of: Any, schemas: dict[str, str], where: str = "") -> dict[str, list[tuple]]:
    """Return the rows of every model, in one order."""
    return {
        name: rows_of(f"select * from {schema}.{name} {where} order by all")
        for name, schema in schemas.items()
    }


@pytest.mark.parametrize("seed", [0, 7, 3 * BATCH + 2])
def test_many_at_once_are_built_as_one_by_one(seed: int) -> None:
    count = 30 if seed < BATCH else 12
    many, single = crowd(seed // BATCH * BATCH, count), Builder()
    single.build({seed: many.companies[seed]})
    schemas = {
        node.name: node.schema
        for node in single.project(many.companies).models.values()
        if node.name not in UNKEYED
    }
    expected = tables(single.rows, schemas)
    assert sum(map(len, expected.values())) > 500
    for name, schema in schemas.items():
        columns = ", ".join(
            column[0] for column in single.con.execute(f"describe {schema}.{name}").fetchall()
        )
        sql = f"select {columns} from {schema}.{name} where company = {seed} order by all"
        assert many.builder.rows(sql) == expected[name], name


@pytest.mark.slow
def test_the_harness_builds_what_dbt_builds(tmp_path: Path) -> None:
    """The same landing tables, built by dbt into a file: every model, row by row."""
    (seed, inputs), *_ = batch(4, 1).items()
    ours = Builder()
    ours.build({seed: inputs})
    settings = settings_for(tmp_path)
    settings.warehouse.parent.mkdir(parents=True)
    theirs = duckdb.connect(str(settings.warehouse))
    theirs.execute("create schema landing")
    for (table,) in ours.rows(
        "select table_name from duckdb_tables() where schema_name = 'landing'"
    ):
        landed = ours.con.sql(f"select * from landing.{table}").to_arrow_table()  # noqa: F841
        theirs.execute(f"create table landing.{table} as select * from landed")
    theirs.close()
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, rows in inputs.rules.items():
        lines = [",".join(rows[0]), *(",".join(str(v).lower() for v in r.values()) for r in rows)]
        (rules / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    settings = settings_for(tmp_path, rules_dir=str(rules))
    variables = {**variables_for(inputs.rows), "as_of_date": str(inputs.as_of_date)}
    nodes = run_dbt(
        settings,
        ["build", "--vars", str(variables), "--exclude-resource-type", "unit_test"],
        silent,
    )
    assert {n.status for n in nodes if n.kind != "exposure"} == {"success", "pass"}
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    schemas = {n.name: n.schema for n in project_for(inputs.rows).models.values()}
    built = tables(lambda sql: con.execute(sql).fetchall(), schemas)
    con.close()
    for name, rows in tables(ours.rows, schemas).items():
        assert rows == built[name], name


def test_a_clean_landing_is_scanned_plainly_with_the_same_result() -> None:
    """Without repeated keys and rows held back, staging leaves out what it need not ask for."""
    seed, inputs = next(iter(batch(5, 1).items()))
    general, plain = Builder(), Builder()
    general.build({seed: inputs})
    plain.build({seed: inputs}, variant="clean")
    assert (
        "version_rank" not in plain.project({seed: inputs}, "clean").models["stg_erp__invoices"].sql
    )
    schemas = {n.name: n.schema for n in project_for(inputs.rows).models.values()}
    assert tables(general.rows, schemas) == tables(plain.rows, schemas)


def test_landed_columns_are_those_of_the_contract() -> None:
    builder = Builder()
    builder.build(batch(6, 1), ["stg_erp__invoices"])
    for name, entity in load_contract().items():
        found = {r[0] for r in builder.rows(f"describe landing.{name}")}
        assert found == {c.name for c in entity.columns} | {"_row", "_load"}, name
    assert set(ALL) == set(load_contract())
    assert {c.type for e in load_contract().values() for c in e.columns} <= set(ARROW_TYPES)


def test_a_full_join_keeps_the_company_of_either_side() -> None:
    text = keyed("select a.x from marts.a as a full outer join marts.b as b on b.x = a.x")
    assert text.startswith("SELECT COALESCE(a.company, b.company) AS company")
