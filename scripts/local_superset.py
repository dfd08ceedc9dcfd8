"""A local Superset: its settings in one place, its processes. `make bi` and tests/bi use it.

It needs nothing but the standard library and `.venv-bi`. It answers on 127.0.0.1 only.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_airflow import is_alive

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv-bi" / "bin"
CONFIG = ROOT / "include" / "superset" / "superset_config.py"
HOST = "127.0.0.1"
START_SECONDS = 120
STOP_SECONDS = 15


class LocalSupersetError(RuntimeError):
    """Superset did not do what was asked; the message says where to look."""


@dataclass(frozen=True)
class LocalSuperset:
    """One Superset with its own folder, over the publication of one home."""

    folder: Path
    home: Path
    port: int = 8088
    workers: int = 2
    metadata_url: str | None = None

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://{HOST}:{self.port}"

    def install(self) -> None:
        """Bring schema, dashboards and roles up to date; takes half a minute."""
        if not (self.home / "published" / "current" / "manifest.json").is_file():
            raise LocalSupersetError(
                f"nothing is published in {self.home}: run `make demo`, or set KEYACCOUNTS_HOME"
            )
        self._python("-m", "keyaccounts.bi.install")

    def add_users(self, roles: Mapping[str, str], password: str) -> None:
        """Make users by their names, each with one role; or set role and password again."""
        text = io.StringIO()
        rows = [("user", "role", "password"), *((*each, password) for each in roles.items())]
        csv.writer(text).writerows(rows)
        self._python("-m", "keyaccounts.bi.install", "--users", "-", text=text.getvalue())

    def password(self, name: str) -> str:
        """Return the password kept for a user; made up at first use."""
        file = self.folder / f"{name}.password"
        if not file.is_file():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(18), "utf-8")
        return file.read_text("utf-8")

    def start(self) -> None:
        """Start the server in the background and wait until it answers."""
        if self.is_running():
            raise LocalSupersetError(f"Superset already runs in {self.folder}: make bi-down")
        with (self.folder / "superset.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    str(BIN / "gunicorn"), "--bind", f"{HOST}:{self.port}",
                    "--workers", str(self.workers), "--worker-class", "gthread", "--threads", "8",
                    "--timeout", "120", "superset.app:create_app()",
                ],
                env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        (self.folder / "pid").write_text(str(process.pid), "utf-8")
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise LocalSupersetError(f"Superset did not start: see {self.folder}/superset.log")
            time.sleep(0.3)

    def stop(self) -> None:
        """End what `start` started, in this process or another."""
        file = self.folder / "pid"
        for how in (signal.SIGTERM, signal.SIGKILL):
            if self.is_running():
                os.killpg(int(file.read_text("utf-8")), how)
            end = time.monotonic() + STOP_SECONDS
            while self.is_running() and time.monotonic() < end:
                time.sleep(0.2)
        file.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Tell whether the server of an earlier `start` is there."""
        file = self.folder / "pid"
        if not file.is_file():
            return False
        pid = int(file.read_text("utf-8"))
        if not is_alive(pid):
            return False
        command = Path(f"/proc/{pid}/cmdline")
        return not command.exists() or b"gunicorn" in command.read_bytes()

    def environment(self) -> dict[str, str]:
        """Return the variables that make this Superset what it is."""
        own = {
            "SUPERSET_CONFIG_PATH": str(CONFIG),
            "KEYACCOUNTS_HOME": str(self.home),
            "BI_FOLDER": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        if self.metadata_url:
            own["BI_METADATA_URL"] = self.metadata_url
        return {**os.environ, **own}

    def _python(self, *arguments: str, text: str = "") -> str:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = subprocess.run(
            [str(BIN / "python"), *arguments], env=self.environment(), cwd=self.folder,
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-25:])
            raise LocalSupersetError(f"{' '.join(arguments)}:\n{tail}")
        return done.stdout

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
