"""DuckDB and Spark build the same marts, to the last digit."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from tests.conftest import silent
from tests.spark import company
from tests.spark.compare import compare, report

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(
        not (PROJECT_ROOT / ".venv-spark").is_dir(), reason="no .venv-spark: make setup-spark"
    ),
]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Settings, Run]:
    """The same landing, published by either engine."""
    folder = tmp_path_factory.mktemp("parity")
    company.write_source(folder)
    on_duckdb = company.settings(folder, "duckdb")
    run = company.land(folder, on_duckdb)
    shutil.copytree(on_duckdb.home / "landing", folder / "spark" / "landing")
    on_spark = company.settings(folder, "spark", engine="spark")
    for settings in (on_duckdb, on_spark):
        nightly.check_landing(settings, run, silent)
        nightly.build(settings, run, print if settings is on_spark else silent)
        nightly.check_marts(settings, run, silent)
        nightly.publish(settings, run, silent)
    return on_duckdb, on_spark, run


def test_every_mart_is_equal(homes: tuple[Settings, Settings, Run]) -> None:
    comparisons = compare(homes[0].warehouse, homes[1].warehouse)
    print(report(comparisons))
    built = {file.stem for file in (PROJECT_ROOT / "dbt_project/models/marts").rglob("*.sql")}
    assert {found.mart for found in comparisons} == built
    assert sum(found.left_rows for found in comparisons) > 3000
    differing = [found for found in comparisons if found.differences]
    assert differing == [], "\n" + report(differing)


def test_the_publications_are_equal_byte_by_byte(homes: tuple[Settings, Settings, Run]) -> None:
    manifests = []
    for settings in homes[:2]:
        version = current_version(settings)
        assert version is not None
        manifests.append(read_manifest(version))
    assert manifests[0] == manifests[1]


def test_the_company_shows_what_could_differ(homes: tuple[Settings, Settings, Run]) -> None:
    """Held-back rows, lost references, changed rules and odd text reach the comparison."""
    con = duckdb.connect(str(homes[1].warehouse), read_only=True)
    try:
        [(rejected, nulled, odd, rules)] = con.execute(
            """
            select
                (select count(*) from landing.rejected),
                (select count(*) from landing.nulled),
                (select count(*) from marts.accounts where account_name like 'L''Été%'),
                (select count(*) from marts.alert_events where alert_type = 'tier_config_change')
            """
        ).fetchall()
    finally:
        con.close()
    assert rejected == 2
    assert nulled >= 2
    assert odd == 1
    assert rules == 1


def test_a_difference_is_shown_with_its_rows(
    homes: tuple[Settings, Settings, Run], tmp_path: Path
) -> None:
    changed = tmp_path / "changed.duckdb"
    shutil.copy(homes[0].warehouse, changed)
    con = duckdb.connect(str(changed))
    con.execute("update marts.account_tiers set ttm_profit_amount = ttm_profit_amount + 0.01 "
                "where tier_unit_id = 'A000001' and month_end = '2026-09-30'")  # fmt: skip
    con.execute("alter table marts.accounts drop column region")
    con.close()
    found = {c.mart: c.differences for c in compare(homes[0].warehouse, changed) if c.differences}
    assert set(found) == {"account_tiers", "accounts"}
    assert len(found["account_tiers"]) == 2
    assert "tier_unit_id=A000001" in found["account_tiers"][0]
    assert found["accounts"] == ["column region VARCHAR is on the left only"]
