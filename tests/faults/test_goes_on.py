"""A build in which a model failed goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.errors import KeyaccountsError
from keyaccounts.landing.resolve import resolve
from keyaccounts.warehouse import build
from keyaccounts.warehouse.build import built_state
from tests.conftest import run_at, settings_for, silent
from tests.faults.small import DAY, small_company


def test_a_build_goes_on_where_it_stopped(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "home", small_company(tmp_path / "source"))
    run = run_at(DAY)
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run, entity, silent)
    # A table that nobody can drop stands where a model belongs.
    settings.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("create schema marts; create table marts.pareto (id integer primary key)")
        con.execute("create table marts.refers (id integer references marts.pareto (id))")
    with pytest.raises(KeyaccountsError, match="pareto"):
        build(settings, run, resolve(settings), silent)
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("drop table marts.refers")
    result = build(settings, run, resolve(settings), silent)
    assert result.is_retry
    assert {model.name for model in result.models} == {"pareto"}
    assert "points_count_their_entities" in {test.name for test in result.tests}
    assert built_state(settings)["status"] == "done"
    assert not build(settings, run, resolve(settings), silent).is_retry
