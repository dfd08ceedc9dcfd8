"""Killed at any instant: the next run starts clean, and readers always see one whole version."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from keyaccounts.publishing.publish import read_manifest
from tests.end_to_end.command import read_until, run, started
from tests.end_to_end.demo_company import DAY, copy_home
from tests.end_to_end.published import Publication

# A line of progress; the kill follows it at once.
DURING_EXTRACT = ("extract crm_accounts ...", "extract erp_invoice_lines ...", "check-landing ...")
DURING_BUILD = ("build as of", " int_revenue__line_groups:", "check-marts ...")


@pytest.fixture(scope="module")
def arguments(
    undisturbed: Publication, demo_source: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """A home that has only a publication, and how to run for it."""
    home = copy_home(undisturbed, tmp_path_factory.mktemp("killed") / "home")
    return ["--home", str(home), "--source", str(demo_source), "--as-of", DAY]


@contextmanager
def _reading(home: str) -> Iterator[list[str]]:
    """Query the current version again and again; gives the list of what went wrong."""
    stop, troubles = threading.Event(), []
    database, readings = Path(home) / "published/current/keyaccounts.duckdb", []

    def read() -> None:
        while not stop.wait(0.05):
            try:
                con = duckdb.connect(str(database), read_only=True)
                readings.append(con.execute("select count(*) from marts.account_tiers").fetchall())
                con.close()
                read_manifest(database.parent)
            except Exception as error:
                troubles.append(f"{type(error).__name__}: {error}")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield troubles
    finally:
        stop.set()
        reader.join()
        if len({str(reading) for reading in readings}) != 1:
            troubles.append(f"{len(readings)} readings, not all equal")


def _drafted(published: Path) -> int:
    """How many Parquet files the unfinished version holds."""
    drafts = (found for found in os.walk(published) if "/.new-" in found[0])
    return sum(name.endswith(".parquet") for _, _, names in drafts for name in names)


@dataclass(frozen=True)
class Killed:
    """What a reader met while nights were killed, and what `current` named after each kill."""

    troubles: list[str]
    before: str
    versions: list[str]
    unaudited: Path
    """A copy of the home whose build ended and whose audit was killed."""


@pytest.fixture(scope="module")
def killed(arguments: list[str]) -> Killed:
    home, versions = Path(arguments[1]), []
    before = (home / "published/current").resolve().name
    with _reading(arguments[1]) as troubles:
        for moment in [*DURING_EXTRACT, *DURING_BUILD]:
            with started("nightly", "--no-notify", *arguments) as process:
                assert read_until(process, moment) != "", moment
            assert process.returncode == -9
            versions.append((home / "published/current").resolve().name)
    unaudited = home.with_name("unaudited")
    shutil.copytree(home, unaudited, symlinks=True)
    return Killed(troubles, before, versions, unaudited)


def test_a_killed_night_leaves_nothing_behind(
    killed: Killed, arguments: list[str], undisturbed: Publication
) -> None:
    last = run("nightly", "--no-notify", *arguments)
    assert last.returncode == 0, last.stderr
    assert killed.troubles == []
    current = (Path(arguments[1]) / "published/current").resolve()
    assert set(killed.versions) == {killed.before}
    assert current.name != killed.before
    assert Publication(undisturbed.settings, current, {}).digests == undisturbed.digests


def test_a_build_whose_audit_did_not_end_is_not_published(
    killed: Killed, arguments: list[str]
) -> None:
    refused = run("publish", "--home", killed.unaudited, *arguments[2:])
    assert refused.returncode == 4
    assert "check-marts" in refused.stderr


def test_a_killed_publish_leaves_the_old_version_or_the_new_one(
    arguments: list[str], undisturbed: Publication
) -> None:
    published = Path(arguments[1]) / "published"
    with _reading(arguments[1]) as troubles:
        for marts in (0, 3, 9, 15):
            with started("publish", *arguments) as process:
                assert read_until(process, "publish ...") != ""
                while process.poll() is None and _drafted(published) < marts:
                    pass
            current = published / "current"
            assert Publication(undisturbed.settings, current, {}).digests == undisturbed.digests
        last = run("publish", *arguments)
    assert last.returncode == 0, last.stderr
    assert troubles == []
    assert list(published.glob(".new-*")) == []
    assert (
        Publication(undisturbed.settings, published / "current", {}).digests == undisturbed.digests
    )


def test_a_second_run_stops_and_names_the_first(arguments: list[str]) -> None:
    with started("nightly", "--no-notify", *arguments) as first:
        assert read_until(first, "extract crm_accounts ...") != ""
        second = run("nightly", "--no-notify", *arguments)
        assert f"nightly as of {DAY}, process {first.pid}" in second.stderr
    assert second.returncode == 5
    assert "another run holds home" in second.stderr


def test_a_killed_run_leaves_no_lock(arguments: list[str]) -> None:
    with started("nightly", "--no-notify", *arguments) as process:
        assert read_until(process, "extract crm_users ...") != ""
    assert run("extract", "--entity", "crm_users", *arguments).returncode == 0
