"""The SQLAlchemy dialect `duckdb+buffered`: cursors of a connection that is already open.

Great Expectations reads results after it has closed the connection, and DuckDB then has none left
("list index out of range"). So each result is fetched in full when its statement has run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from duckdb_engine import ConnectionWrapper, Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2
from sqlalchemy.engine import cursor

_lent: dict[str, duckdb.DuckDBPyConnection] = {}


class BufferedContext(PGExecutionContext_psycopg2):
    """Fetches the whole result right after execution."""

    def post_exec(self) -> None:
        """Replace the fetch strategy by SQLAlchemy's own buffered one."""
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor.description:
            self.cursor_fetch_strategy = cursor.FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDialect(Dialect):
    """DuckDB with buffered results over a lent connection."""

    execution_ctx_cls = BufferedContext
    supports_statement_cache = False

    def connect(self, *_: Any, **arguments: Any) -> Any:
        """Return a cursor of the lent connection that the address names."""
        return ConnectionWrapper(_lent[arguments["database"]].cursor())


registry.register("duckdb.buffered", __name__, BufferedDialect.__name__)


@contextmanager
def lend(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Give the SQLAlchemy address of an open connection, for as long as the block lasts."""
    name = f"lent-{id(con)}"
    _lent[name] = con
    try:
        yield f"duckdb+buffered:///{name}"
    finally:
        del _lent[name]
