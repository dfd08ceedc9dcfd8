"""One notifier at a time per ledger: a file lock beside SQLite, an advisory lock in Postgres.

Both are let go by the operating system or the server when the holder dies, so a killed notifier
never blocks the next one.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, text

from keyaccounts.alerts.schema import shown
from keyaccounts.errors import RunInProgressError

ADVISORY_LOCK = 0x6B65_7961_6363  # "keyacc"
POLL_SECONDS = 0.1


@contextmanager
def single_writer(engine: Engine, holder: str, wait_seconds: float = 60) -> Iterator[None]:
    """Hold the ledger for `holder` (shown to others) until the block ends.

    Raises RunInProgressError, naming the other notifier, after `wait_seconds`.
    """
    if engine.dialect.name == "postgresql":
        with _postgres_lock(engine, wait_seconds):
            yield
    else:
        with _file_lock(Path(f"{engine.url.database}.lock"), holder, wait_seconds):
            yield


@contextmanager
def _file_lock(path: Path, holder: str, wait_seconds: float) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as file:
        for _ in range(max(1, int(wait_seconds / POLL_SECONDS))):
            if _try_lock(file):
                break
            time.sleep(POLL_SECONDS)
        else:
            file.seek(0)
            raise RunInProgressError(f"another notifier holds {path}: {file.read().strip()}")
        file.truncate(0)
        file.write(f"process {os.getpid()}, {holder}\n")
        file.flush()
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _postgres_lock(engine: Engine, wait_seconds: float) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(max(1, int(wait_seconds / POLL_SECONDS))):
            query = text("select pg_try_advisory_lock(:key)")
            if connection.execute(query, {"key": ADVISORY_LOCK}).scalar():
                break
            time.sleep(POLL_SECONDS)
        else:
            query = text("select pid from pg_locks where locktype = 'advisory' and granted")
            pids = connection.execute(query).scalars().all()
            raise RunInProgressError(
                f"another notifier holds {shown(engine)}: server processes {list(pids)}"
            )
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
