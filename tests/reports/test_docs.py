"""`keyaccounts docs` says what is missing, and lets a night go first."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from keyaccounts import cli
from keyaccounts.settings import Settings


def test_before_the_first_build_it_says_what_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert cli.main(["docs", "--home", str(home)]) == 2
    assert "run `keyaccounts nightly` first" in capsys.readouterr().err
    assert not home.exists()


def test_a_run_under_way_goes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(home=tmp_path)
    state = settings.home / "warehouse" / "target" / "build_state.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"variables": {"as_of_date": "2026-06-30"}}), "utf-8")
    settings.warehouse.touch()
    (tmp_path / "locks").mkdir()
    with (tmp_path / "locks" / "run.lock").open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("build as of 2026-06-30, process 1")
        held.flush()
        assert cli.main(["docs", "--home", str(tmp_path)]) == 5
    assert "build as of 2026-06-30, process 1" in capsys.readouterr().err
