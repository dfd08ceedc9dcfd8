"""A bucket of its own for each test, and a small company that is ready to be published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow.fs import FileSystem

from keyaccounts import nightly
from keyaccounts.settings import Settings
from tests.conftest import data_tests_left_out, run_at, settings_for, silent
from tests.faults.small import DAY, small_company

from .s3 import KEY_ID, SECRET, Bucket, serve


@pytest.fixture(scope="session")
def buckets() -> dict[str, Bucket]:
    """Return the buckets by name."""
    return {}


@pytest.fixture(scope="session")
def host(buckets: dict[str, Bucket]) -> Iterator[str]:
    """Return where the S3 API answers."""
    with serve(buckets) as place:
        yield place


@pytest.fixture
def bucket(
    host: str, buckets: dict[str, Bucket], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bucket]:
    """Return an empty bucket; the credentials are in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    made = Bucket(host, f"bucket-{len(buckets)}")
    files, _ = FileSystem.from_uri(f"{made.url}&allow_bucket_creation=true")
    files.create_dir(made.name)
    buckets[made.name] = made
    yield made
    made.released.set()


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small company, landed, built and audited, not published."""
    folder = tmp_path_factory.mktemp("audited")
    settings = settings_for(folder / "home", small_company(folder / "source"))
    run = run_at(DAY)
    for entity in nightly.planned_entities(settings, silent):
        nightly.extract(settings, run, entity, silent)
    nightly.check_landing(settings, run, silent)
    with data_tests_left_out():
        nightly.build(settings, run, silent)
    nightly.check_marts(settings, run, silent)
    return settings


@pytest.fixture
def home(audited: Settings, tmp_path: Path) -> Path:
    """Return a copy of the home of the audited company."""
    shutil.copytree(audited.home, tmp_path / "home", symlinks=True)
    return tmp_path / "home"
