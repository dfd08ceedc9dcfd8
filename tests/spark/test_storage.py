"""A Spark build that reads and writes object storage alone: `file://` stands for it here."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import pytest

from keyaccounts import nightly
from keyaccounts.settings import Run, Settings
from keyaccounts.storage import open_store, push_loads
from tests.conftest import run_at, settings_for, silent
from tests.faults.small import DAY, small_company
from tests.spark import cluster as spark
from tests.spark.compare import compare, report
from tests.spark.test_parity import DRIVER, SMALL, publish

pytestmark = pytest.mark.spark


def landed(home: Path, source: Path, **more: object) -> tuple[Settings, Run]:
    settings, run = settings_for(home, source, **more), run_at(DAY)
    for entity in nightly.planned_entities(settings, silent):
        nightly.extract(settings, run, entity, silent)
    return settings, run


def test_a_build_through_the_store_gives_the_same_marts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := spark.missing():
        pytest.skip(reason)
    for name, value in spark.environment().items():
        monkeypatch.setenv(name, value)
    share = tmp_path / "share"
    options = " ".join(f"{key}={value}" for key, value in (SMALL | DRIVER).items())
    source = small_company(tmp_path / "source")
    duck, run = landed(tmp_path / "duck", source)
    publish(duck, run)
    there, _ = landed(
        tmp_path / "there",
        source,
        engine="spark",
        spark_options=options,
        storage_url=f"file://{share}",
    )
    left = share / "spark" / f"build-{32 * '0'}" / "tables"
    left.mkdir(parents=True)
    publish(there, run)

    comparisons = compare(duck.warehouse, there.warehouse)
    assert sum(found.left_rows for found in comparisons) > 100
    assert not [found for found in comparisons if found.differences], report(comparisons)
    plan = json.loads((there.home / "warehouse/spark/plan.json").read_text("utf-8"))
    placed = [plan["storage"], plan["export"], *chain(*plan["landing"].values())]
    assert [place for place in placed if not place.startswith(f"file://{share}/")] == []
    # Nothing of a build stays, neither of this one nor of one that was killed.
    assert list((share / "spark").iterdir()) == []
    pointer = json.loads((share / "published/current.json").read_text("utf-8"))
    version = (there.home / "published/current").resolve()
    assert pointer == {"version": version.name, "as_of_date": DAY}
    manifest = (share / "published" / version.name / "manifest.json").read_bytes()
    assert manifest == (version / "manifest.json").read_bytes()

    assert len(list(share.glob("landing/*/*/*"))) == 2 * 3
    with open_store(there) as store:
        assert store is not None
        assert not any(push_loads(store, there))
