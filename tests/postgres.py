"""A real Postgres of the tests' own, on a free port of the loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@dataclass(frozen=True)
class Server:
    """A server that can be stopped and started again; everybody is trusted, but `reader`."""

    programs: Path
    folder: Path
    port: int
    user: str | None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return an address as libpq and Airflow write it."""
        return f"postgresql://{user}@{self.address}/{database}"

    def init(self) -> None:
        """Make the data folder; `reader` needs a password."""
        data = self.folder / "data"
        self._call("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
        rules = data / "pg_hba.conf"
        asks = "host all reader 127.0.0.1/32 scram-sha-256\n"
        rules.write_text(asks + rules.read_text("utf-8"), "utf-8")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._call(
            "pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-w",
            "-l", str(self.folder / "log"), "start",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def started_server() -> Iterator[Server]:
    """Start a server; skips the test where its programs are missing."""
    if not PROGRAMS:
        pytest.skip("no /usr/lib/postgresql/*/bin/initdb: Postgres is not installed")
    user = "postgres" if os.geteuid() == 0 else None
    if user and user not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("Postgres does not run as root and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="ka_pg_"))
    if user:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(PROGRAMS[-1].parent, folder, port, user)
    server.init()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
