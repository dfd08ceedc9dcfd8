"""docker-compose.yml, as far as it can be judged without an engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
VARIABLES = re.compile(r"\$\{(\w+)(.*?)\}")
SECRETS = ("_PASSWORD", "_SECRET", "_KEY")


def test_no_secret_has_a_default() -> None:
    found = {name: rest for name, rest in VARIABLES.findall(TEXT) if name.endswith(SECRETS)}
    assert len(found) == 8
    assert all(rest.startswith(":?") for rest in found.values())


def test_ports_are_those_of_the_machine_itself() -> None:
    services = yaml.safe_load(TEXT)["services"].values()
    ports = [port for service in services for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_setting_of_the_project_is_one_that_it_knows() -> None:
    """An unknown KEYACCOUNTS_ variable stops every task."""
    from dataclasses import fields

    from keyaccounts.settings import Settings

    environment = yaml.safe_load(TEXT)["x-airflow"]["environment"]
    ours = [key for key in environment if key.startswith("KEYACCOUNTS_")]
    names = {key.removeprefix("KEYACCOUNTS_").lower() for key in ours}
    assert names
    assert names <= {field.name for field in fields(Settings)}


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_compose_accepts_the_file_only_with_secrets(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("docker-compose.yml", ".env.example", "scripts/make_env.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def config() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker-compose", "--profile", "celery", "--profile", "bi", "config", "--services"],
            cwd=tmp_path, env=clean, capture_output=True, text=True, check=False,
        )  # fmt: skip

    without = config()
    assert without.returncode
    assert "run make env" in without.stderr
    subprocess.run([sys.executable, tmp_path / "scripts" / "make_env.py"], check=True)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert {"postgres", "scheduler", "worker", "superset"} <= set(config().stdout.split())
