"""How DuckDB runs under Superset; nothing of Superset is needed to read this."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

LOCKED_DOWN = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "memory_limit": "1GB",
    "threads": "2",
    "lock_configuration": "true",
}
"""SQL reads the published file and nothing else of the machine, and cannot change that."""
KEPT_OPEN = 6
"""Three files of a version, its groups' among them, twice."""


def connect_arguments() -> dict[str, Any]:
    """Return what DuckDB is opened with; connections with the same share one open file."""
    return {"read_only": True, "config": dict(LOCKED_DOWN)}


class OpenFiles:
    """Files of the publication that stay open in this process.

    Superset opens a connection for each query and closes it. Opening a file costs more than most
    queries do, and closing it forgets what was read: one idle connection keeps it open.
    """

    def __init__(self, most: int = KEPT_OPEN) -> None:
        """Keep at most so many files."""
        self._open: dict[Path, Any] = {}
        self._most = most
        self._lock = threading.Lock()

    def keep(self, address: Any, file: Path) -> None:
        """Keep a file open until others are asked for, or its version is gone."""
        with self._lock:
            for other in [each for each in self._open if not each.exists()]:
                self._open.pop(other).close()
            connection = self._open.pop(file, None) or self._opened(address)
            if connection is not None:
                self._open[file] = connection
            while len(self._open) > self._most:
                self._open.pop(next(iter(self._open))).close()

    def _opened(self, address: Any) -> Any:
        """Return a connection; None where there is none to be had, which the query will tell."""
        engine = create_engine(address, poolclass=NullPool, connect_args=connect_arguments())
        try:
            return engine.connect()
        except SQLAlchemyError:
            return None
