"""The contract grows by what is optional, and loads of an earlier version stay readable."""

from __future__ import annotations

from pathlib import Path

import duckdb
import yaml

from keyaccounts.contract import CONTRACT_FILE, CONTRACT_VERSION, REQUIRED_ENTITIES, load_contract
from keyaccounts.landing.loads import all_loads
from keyaccounts.landing.resolve import resolve
from keyaccounts.settings import Settings
from keyaccounts.warehouse.landing_schema import lay_out
from tests.acceptance import loaders
from tests.conftest import build_company
from tests.faults.version_1 import OLD, as_version_1


def test_a_source_that_kept_version_1_keeps_the_present_one() -> None:
    old, new = (yaml.safe_load(f.read_text("utf-8")) for f in (OLD, CONTRACT_FILE))
    for entity, columns in old.items():
        assert {name: new[entity].get(name) for name in columns} == columns, entity
    assert set(REQUIRED_ENTITIES) <= set(old)
    added = [(e, c) for e, columns in new.items() for c in columns if c not in old.get(e, {})]
    assert len(added) > 32
    required = [(e, c) for e, c in added if e in old and new[e][c].get("required")]
    assert required == []


def test_loads_of_version_1_have_the_columns_that_came_later_as_unknown(tmp_path: Path) -> None:
    built = build_company(tmp_path / "home", _source(tmp_path), "2026-06-30")
    settings = built.settings
    before = _landed(settings)
    for entity in yaml.safe_load(OLD.read_text("utf-8")):
        as_version_1(settings, entity)
    lay_out(settings, resolve(settings))
    after = _landed(settings)
    assert after == before
    # A second load, of the present version, stands beside the first one in the history.
    build_company(tmp_path / "home", _source(tmp_path), "2026-06-30")
    versions = [load.manifest["contract_version"] for load in all_loads(settings, "crm_accounts")]
    assert versions == [1, CONTRACT_VERSION]
    assert built.rows(
        "select count(*), count(latitude) from landing.crm_account_versions "
    ) == built.rows("select 2 * count(*), 0 from landing.crm_accounts")


def _source(folder: Path) -> Path:
    source = folder / "source"
    if not source.is_dir():
        loaders.movements(source)
    return source


def _landed(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    try:
        found: dict[str, list[tuple[object, ...]]] = {}
        for name in load_contract():
            result = con.execute(f"select * from landing.{name} order by all")
            found[name] = [tuple(c[0] for c in result.description), *result.fetchall()]
        return found
    finally:
        con.close()
