"""DuckDB and Spark build the same marts, to the last digit, by every way to reach Spark."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from tests.conftest import data_tests_left_out, silent
from tests.spark import cluster as spark
from tests.spark import company
from tests.spark.cluster import BROUGHT_HOME, Cluster
from tests.spark.compare import compare, report

pytestmark = pytest.mark.spark

SOME = ("account_tiers", "receivables_aging", "revenue_movements", "cohort_retention")
DRIVER = {
    "spark.driver.bindAddress": spark.LOOPBACK,
    "spark.driver.extraJavaOptions": spark.JAVA,
    "spark.driver.host": spark.LOOPBACK,
    "spark.executor.extraJavaOptions": spark.JAVA,
    "spark.executor.memory": "512m",
}


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings, Run]:
    """The company, landed and published by the default engine."""
    folder = tmp_path_factory.mktemp("parity")
    company.write_source(folder)
    settings = company.settings(folder, "duckdb")
    run = company.land(folder, settings)
    publish(settings, run)
    return folder, settings, run


def publish(settings: Settings, run: Run) -> None:
    nightly.check_landing(settings, run, silent)
    nightly.build(settings, run, print if settings.engine == "spark" else silent)
    nightly.check_marts(settings, run, silent)
    nightly.publish(settings, run, silent)


@contextmanager
def url_of(way: str, cluster: Cluster, folder: Path) -> Iterator[str]:
    """Yield what the setting `spark_url` names, with its server running."""
    if way == "thrift":
        with spark.thrift(cluster, folder) as port:
            yield f"thrift://somebody@{spark.LOOPBACK}:{port}"
    elif way == "connect":
        with spark.connect(cluster, folder) as url:
            yield url
    else:
        yield cluster.master


# The first one builds everything and asks the data tests of Spark too. The others reach the same
# engine through a server and have the marts that say most to build, with all they rest on.
# `make fixtures-spark` builds within one machine.
@pytest.mark.parametrize("way", ["standalone", "thrift", "connect"])
def test_every_mart_is_equal(
    way: str,
    on_duckdb: tuple[Path, Settings, Run],
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, duck, run = on_duckdb
    for name, value in spark.environment().items():
        monkeypatch.setenv(name, value)
    is_server = way != "standalone"
    options = spark.SMALL | ({} if is_server else DRIVER)
    share = folder / "share"
    # One way goes by object storage alone, the others by folders that all machines see.
    store = None if is_server else f"file://{share}"
    there = company.settings(folder, way, engine="spark", threads=2, storage_url=store)
    shutil.copytree(duck.home / "landing", there.home / "landing")
    # A server is another way to the same engine: the data tests and the closed months are asked of
    # Spark as it is driven from here.
    kept = folder / "first_published"
    if is_server and kept.is_dir():
        shutil.copytree(kept, there.home / "warehouse" / "first_published")
    ran_before = cluster.applications()
    with url_of(way, cluster, folder / f"server_{way}") as url:
        said = shlex.join(f"{key}={value}" for key, value in options.items())
        there = replace(there, spark_url=url, spark_options=said)
        if is_server:
            nightly.check_landing(there, run, silent)
            with data_tests_left_out(*(f"+{mart}" for mart in SOME), *BROUGHT_HOME):
                nightly.build(there, run, print)
        else:
            publish(there, run)
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(there.home / "warehouse" / "first_published", kept)

    ran = [now - before for now, before in zip(cluster.applications(), ran_before, strict=True)]
    # An executor on each worker: nothing was counted in the driver alone. The tiers as first
    # published are built before the rest, by another application where each build is one.
    assert [len(new) for new in ran] == 2 * [1 if is_server else 2]
    comparisons = compare(duck.warehouse, there.warehouse)
    if is_server:
        comparisons = [found for found in comparisons if found.right_rows or found.mart in SOME]
        assert {found.mart for found in comparisons} >= set(SOME)
    else:
        assert {found.mart for found in comparisons} == {
            file.stem for file in (PROJECT_ROOT / "dbt_project/models/marts").rglob("*.sql")
        }
        assert manifest(there) == manifest(duck)
    print(report(comparisons))
    assert sum(found.left_rows for found in comparisons) > 3000
    differing = [found for found in comparisons if found.differences]
    assert differing == [], "\n" + report(differing)
    if store:
        plan = json.loads((there.home / "warehouse/spark/plan.json").read_text("utf-8"))
        places = [plan["storage"], plan["export"], *chain(*plan["landing"].values())]
        assert [place for place in places if not place.startswith(f"{store}/")] == []
        assert list((share / "spark").iterdir()) == [], "a build left something behind"


def manifest(settings: Settings) -> dict[str, object]:
    """Return the manifest of the publication: a hash of every file is in it."""
    version = current_version(settings)
    assert version is not None
    return read_manifest(version)


def test_the_company_shows_what_could_differ(on_duckdb: tuple[Path, Settings, Run]) -> None:
    """Held-back rows, lost references, changed rules and odd text reach the comparison."""
    con = duckdb.connect(str(on_duckdb[1].warehouse), read_only=True)
    try:
        found = con.execute(
            """
            select
                (select count(*) from landing.rejected) >= 2,
                (select count(*) from landing.nulled) >= 2,
                (select count(*) from marts.accounts where account_name like 'L''Été%'),
                (select count(*) from marts.alert_events where alert_type = 'tier_config_change'),
                (select count(*) from rules.channel_config where channel = 'l''été')
            """
        ).fetchall()
    finally:
        con.close()
    assert found == [(True, True, 1, 1, 1)]


def test_a_difference_is_shown_with_its_rows(
    on_duckdb: tuple[Path, Settings, Run], tmp_path: Path
) -> None:
    left, changed = on_duckdb[1].warehouse, tmp_path / "changed.duckdb"
    shutil.copy(left, changed)
    con = duckdb.connect(str(changed))
    con.execute(
        "update marts.account_tiers set ttm_profit_amount = ttm_profit_amount + 0.01 "
        "where tier_unit_id = 'A000001' and month_end = '2026-09-30'"
    )
    con.execute("alter table marts.accounts drop column region")
    con.close()
    found = {c.mart: c.differences for c in compare(left, changed) if c.differences}
    assert set(found) == {"account_tiers", "accounts"}
    assert len(found["account_tiers"]) == 2
    assert "tier_unit_id=A000001" in found["account_tiers"][0]
    assert found["accounts"] == ["column region VARCHAR is on the left only"]
