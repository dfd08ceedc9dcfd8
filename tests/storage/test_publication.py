"""The publication in a bucket: whole before it is named, sent once, without a credential."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keyaccounts import nightly
from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.settings import PROJECT_ROOT, Settings
from tests.conftest import run_at, settings_for, silent
from tests.faults.small import DAY

from .s3 import KEY_ID, SECRET, Bucket

FIRST, SECOND = f"000001_{DAY}", f"000002_{DAY}"
POINTER = "published/current.json"


def publish(settings: Settings) -> str:
    return str(nightly.publish(settings, run_at(DAY), silent)["version"])


def start(home: Path, bucket: Bucket) -> subprocess.Popen[str]:
    """Start the real command."""
    return subprocess.Popen(
        [sys.executable, "-m", "keyaccounts.cli", "--debug", "publish", "--as-of", DAY],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("KEYACCOUNTS_")},
            "PYTHONPATH": str(PROJECT_ROOT / "include"),
            "KEYACCOUNTS_HOME": str(home),
            "KEYACCOUNTS_STORAGE_URL": bucket.url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def local_files(version: Path) -> dict[str, bytes]:
    """Return what the store should hold of a version, by path."""
    files = {p.relative_to(version): p.read_bytes() for p in version.rglob("*") if p.is_file()}
    return {
        f"restricted/{version.name}/{path.relative_to('restricted')}"
        if path.parts[0] == "restricted"
        else f"published/{version.name}/{path}": content
        for path, content in files.items()
    }


def test_the_bucket_holds_the_version_byte_for_byte(home: Path, bucket: Bucket) -> None:
    version = publish(settings_for(home, storage_url=bucket.url))
    held = bucket.content()
    pointer = json.loads(held.pop(POINTER))
    assert pointer == {"version": version, "as_of_date": DAY}
    assert held == local_files(home / "published" / version)
    assert f"restricted/{version}/data_engineering.duckdb" in held
    assert not [path for path in held if path.startswith("published/") and "restricted" in path]


def test_the_manifest_is_sent_after_the_files_and_the_pointer_last(
    home: Path, bucket: Bucket
) -> None:
    publish(settings_for(home, storage_url=bucket.url))
    *files, manifest, pointer = completed(bucket)
    assert (manifest, pointer) == (f"published/{FIRST}/manifest.json", POINTER)
    assert len(files) == len(bucket.content()) - 2
    assert [path.split("/")[0] for path in files] == sorted(
        (path.split("/")[0] for path in files), reverse=True
    )


def completed(bucket: Bucket) -> list[str]:
    """Return the objects in the order in which they appeared: an upload ends with a POST."""
    ends = [r for r in bucket.writes if r.startswith("POST") and "uploadId=" in r]
    start = f"POST /{bucket.name}/key/accounts/"
    return [request.removeprefix(start).split("?")[0] for request in ends]


def test_only_what_is_new_is_sent_and_what_the_home_pruned_goes(home: Path, bucket: Bucket) -> None:
    settings = settings_for(home, storage_url=bucket.url, keep_versions=2)
    publish(settings)
    bucket.requests.clear()
    publish(settings)
    assert not [request for request in bucket.writes if FIRST in request]
    publish(settings)
    held = bucket.content()
    assert {path.split("/")[1] for path in held} == {
        SECOND, f"000003_{DAY}", "current.json"
    }  # fmt: skip
    assert json.loads(held[POINTER])["version"] == f"000003_{DAY}"


def test_a_kill_in_the_middle_leaves_no_manifest_and_the_next_publish_mends(
    home: Path, bucket: Bucket
) -> None:
    settings = settings_for(home, storage_url=bucket.url)
    publish(settings)
    before = bucket.content()
    bucket.holds = lambda request: SECOND in request and "tier_events.parquet" in request
    process = start(home, bucket)
    assert bucket.reached.wait(60)
    process.kill()
    process.communicate()
    bucket.holds = lambda request: False
    bucket.released.set()

    after = bucket.content()
    assert after[POINTER] == before[POINTER]
    assert [path for path in after if SECOND in path]
    assert f"published/{SECOND}/manifest.json" not in after
    third = publish(settings)
    held = bucket.content()
    assert json.loads(held.pop(POINTER))["version"] == third
    for version in (FIRST, SECOND, third):
        sent = {path: content for path, content in held.items() if version in path}
        assert sent == local_files(home / "published" / version)


def test_a_refused_upload_is_an_error_of_the_step_that_a_retry_mends(
    home: Path, bucket: Bucket
) -> None:
    settings = settings_for(home, storage_url=bucket.url)
    bucket.refuses = lambda request: "manifest.json" in request and request.startswith("P")
    with pytest.raises(KeyaccountsError, match=r"storage_url s3://bucket-\d+/key/accounts: ") as e:
        publish(settings)
    assert e.value.exit_code == 5
    assert POINTER not in bucket.content()
    bucket.refuses = lambda request: False
    publish(settings)
    assert json.loads(bucket.content()[POINTER])["version"] == SECOND


def test_no_credential_is_in_a_file_or_a_log(home: Path, bucket: Bucket) -> None:
    bucket.refuses = lambda request: POINTER in request
    failed = start(home, bucket)
    said = failed.communicate()[0]
    assert failed.returncode == 5, said
    bucket.refuses = lambda request: False
    well = start(home, bucket)
    said += well.communicate()[0]
    assert well.returncode == 0, said
    assert "s3://bucket" in said
    written = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert len(written) > 50
    for text in [said.encode(), *written, *bucket.content().values()]:
        assert KEY_ID.encode() not in text
        assert SECRET.encode() not in text


def test_two_homes_do_not_share_a_place(home: Path, bucket: Bucket, tmp_path: Path) -> None:
    publish(settings_for(home, storage_url=bucket.url))
    publish(settings_for(home, storage_url=bucket.url))
    before = bucket.content()
    (home / "published").rename(tmp_path / "gone")
    with pytest.raises(ConfigurationError, match=f"is at version {SECOND}, this home at {FIRST}"):
        publish(settings_for(home, storage_url=bucket.url))
    another = nightly.Run(run_at(DAY).as_of_date, run_at("2026-07-01").wall_time)
    with pytest.raises(ConfigurationError, match="written by another home"):
        nightly.publish(settings_for(home, storage_url=bucket.url), another, silent)
    assert bucket.content() == before


def test_a_folder_as_address_and_what_is_not_ours_stays(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "share/published/notes/readme.txt"
    other.parent.mkdir(parents=True)
    other.write_text("not ours", "utf-8")
    settings = settings_for(home, storage_url=f"file://{tmp_path}/share/", keep_versions=1)
    publish(settings)
    publish(settings)
    assert sorted(path.name for path in (tmp_path / "share/published").iterdir()) == [
        SECOND, "current.json", "notes",
    ]  # fmt: skip
    assert json.loads((tmp_path / "share" / POINTER).read_text())["version"] == SECOND
