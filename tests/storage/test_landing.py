"""The landing in a bucket, for a cluster: loads go up once, rows before their manifest."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyarrow.fs import LocalFileSystem

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.landing.loads import loads_in_play
from keyaccounts.settings import Settings, load_settings
from keyaccounts.storage import begin_build, open_store, push_landing
from keyaccounts.warehouse.spark_engine import _work_folder
from tests.conftest import settings_for

from .s3 import Bucket

PREFIX = "landing/erp_invoices/000001"


def push(settings: Settings) -> tuple[dict[str, list[str]], int]:
    """Do what the engine does before Spark starts; one table is derived."""
    derived = settings.home / "derived" / "loads.parquet"
    derived.parent.mkdir(exist_ok=True)
    derived.write_bytes(b"derived")
    rows = [str(load.rows_file) for load in loads_in_play(settings, "erp_invoices")]
    with open_store(settings) as store:
        assert store is not None
        files = {"erp_invoices": rows, "loads": [str(derived)]}
        return push_landing(store, settings, begin_build(store), files)


def test_loads_go_up_once_rows_first(home: Path, bucket: Bucket) -> None:
    settings = settings_for(home, storage_url=bucket.url)
    _, sent = push(settings)
    held = bucket.content()
    loads = {str(path.parent.relative_to(home)) for path in home.glob("landing/*/*/manifest.json")}
    assert sent == len(loads) == 3
    for name in loads:
        for file in ("part-00000.parquet", "manifest.json"):
            assert held[f"{name}/{file}"] == (home / name / file).read_bytes()
    ends = [request for request in bucket.writes if PREFIX in request and "uploadId" in request]
    rows = [number for number, request in enumerate(ends) if "part-00000" in request]
    assert max(rows) < min(n for n, request in enumerate(ends) if "manifest" in request)

    bucket.requests.clear()
    assert push(settings)[1] == 0
    assert not [request for request in bucket.writes if "/landing/erp_" in request]


def test_the_plan_names_what_spark_reads(home: Path, bucket: Bucket) -> None:
    placed, _ = push(settings_for(home, storage_url=bucket.url))
    start = f"s3a://{bucket.name}/key/accounts/"
    assert placed["erp_invoices"] == [f"{start}{PREFIX}/part-00000.parquet"]
    (derived,) = placed["loads"]
    assert bucket.content()[derived.removeprefix(start)] == b"derived"


def test_a_new_build_removes_what_the_last_one_left(home: Path, bucket: Bucket) -> None:
    settings = settings_for(home, storage_url=bucket.url)
    (first,), (second,) = push(settings)[0]["loads"], push(settings)[0]["loads"]
    assert first != second
    held = [path for path in bucket.content() if path.startswith("spark/")]
    assert held == [second.split("/key/accounts/")[1]]


def test_a_load_that_broke_off_is_sent_again(home: Path, bucket: Bucket) -> None:
    settings = settings_for(home, storage_url=bucket.url)
    bucket.refuses = lambda request: PREFIX in request and request.startswith("POST")
    with pytest.raises(KeyaccountsError, match="storage_url s3://"):
        push(settings)
    assert not [path for path in bucket.content() if path.startswith(PREFIX)]
    bucket.refuses = lambda request: False
    _, sent = push(settings)
    assert sent >= 1
    assert f"{PREFIX}/manifest.json" in bucket.content()


def test_loads_of_another_home_are_not_overwritten(home: Path, bucket: Bucket) -> None:
    settings = settings_for(home, storage_url=bucket.url)
    push(settings)
    manifest = home / PREFIX / "manifest.json"
    facts = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**facts, "content_hash": "another"}), "utf-8")
    before = bucket.content()
    with pytest.raises(ConfigurationError, match=f"{PREFIX} was written by another home"):
        push(settings)
    landed = {path: text for path, text in bucket.content().items() if path.startswith("landing")}
    assert landed == {path: text for path, text in before.items() if path.startswith("landing")}


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hidden@bucket/folder",
        "s3://hidden@bucket/folder",
        "abfs://:hidden@account.dfs.core.windows.net/container",
        "s3://bucket/folder?secret_key=hidden",
        "abfs://account/container?sas_token=hidden",
    ],
)
def test_an_address_with_a_credential_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must not carry credentials") as refusal:
        load_settings(environ={"KEYACCOUNTS_STORAGE_URL": url})
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["/share", "file://share", "ftp://host/x", "s3://", "s3://b/it's", "s3://b/a b"]
)
def test_an_address_that_does_not_read_like_one_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"storage_url .* is no"):
        load_settings(environ={"KEYACCOUNTS_STORAGE_URL": url})


@pytest.mark.parametrize(
    ("url", "spark"),
    [
        ("s3://bucket/f/?region=x", "s3a://bucket/f/spark"),
        ("hdfs://name:8020/f?user=me", "hdfs://name:8020/f/spark"),
        ("file:///share/f", "file:///share/f/spark"),
    ],
)
def test_spark_reads_by_its_own_scheme(
    url: str, spark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = SimpleNamespace(from_uri=lambda _: (LocalFileSystem(), "/"))
    monkeypatch.setattr("keyaccounts.storage.FileSystem", local)
    with open_store(load_settings(environ={"KEYACCOUNTS_STORAGE_URL": url})) as store:
        assert store is not None
        assert store.spark_url("spark") == spark


def test_a_build_empties_only_its_own_folder_in_the_given_one(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share/theirs.txt").write_text("stays", "utf-8")
    settings = settings_for(tmp_path / "home", spark_storage=str(tmp_path / "share"))
    left = _work_folder(settings) / "left"
    left.write_text("goes", "utf-8")
    assert _work_folder(settings).is_dir()
    assert not left.exists()
    assert (tmp_path / "share/theirs.txt").read_text("utf-8") == "stays"
