"""Any other database that SQLAlchemy opens: every value as text, parsed by the contract.

SQLite needs nothing more; other databases need their driver beside the project's packages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.sources.base import ALL, Window
from keyaccounts.sources.mapping import Mapping, System
from keyaccounts.sources.selects import Select, in_contract_names, listed, select_of

BATCH_ROWS = 50_000


class DatabaseSource:
    """One connection and one read transaction; see `Source`."""

    def __init__(self, system: System, url: str) -> None:
        """Connect. Raises ConfigurationError or KeyaccountsError."""
        self._system = system
        self._taken_at = datetime.now(UTC)
        try:
            self._connection = _connect(system, url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigurationError(
                f"{system.place}: system {system.name}: {_first_line(error)}; the address must "
                "be one of SQLAlchemy, and its driver installed"
            ) from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise KeyaccountsError(
                f"{system.place}: system {system.name} cannot be opened: {_first_line(error)}. "
                "Nothing of it landed; see whether it is there, then run again"
            ) from error
        self._quote = self._connection.dialect.identifier_preparer.quote

    @property
    def taken_at(self) -> datetime:
        """When the transaction was begun, by our own clock."""
        return self._taken_at

    def columns(self, mapping: Mapping, *, is_feed: bool = False) -> dict[str, str]:
        """Return the columns; their types are not told by all databases."""
        window_of_nothing = self._select(mapping, "*", ALL, is_feed, None, " where 1 = 0")
        with self._run(window_of_nothing) as result:
            return in_contract_names(mapping, {str(name): "text" for name in result.keys()})  # noqa: SIM118

    def count(self, mapping: Mapping, window: Window, *, is_feed: bool = False) -> int:
        """Return the number of rows in a window."""
        with self._run(self._select(mapping, "count(*)", window, is_feed, None)) as result:
            return int(result.scalar_one())

    def bounds(self, mapping: Mapping) -> tuple[datetime, datetime] | None:
        """Return the first and the last instant of the cursor."""
        cursor = self._quote(mapping.columns.get(mapping.cursor, mapping.cursor))
        select = self._select(mapping, f"min({cursor}), max({cursor})", ALL, False, None)
        with self._run(select) as result:
            ends = [as_text(value) for value in result.one()]
        found = [datetime.fromisoformat(end) for end in ends if end is not None]
        if not found:
            return None
        first, last = (t if t.tzinfo else t.replace(tzinfo=UTC) for t in found)
        return first, last

    @contextmanager
    def batches(
        self,
        mapping: Mapping,
        columns: list[str],
        window: Window = ALL,
        *,
        is_feed: bool = False,
        limit: int | None = None,
    ) -> Iterator[pa.RecordBatchReader]:
        """Give the rows in a window as a stream of texts."""
        what = listed(mapping, columns, self._quote)
        select = self._select(mapping, what, window, is_feed, limit)
        schema = pa.schema([(name, pa.string()) for name in columns])

        def read(result: Any) -> Iterator[pa.RecordBatch]:
            rows = result.fetchmany(min(BATCH_ROWS, limit or BATCH_ROWS))
            while rows:
                values = zip(*rows, strict=True)
                arrays = [pa.array([as_text(v) for v in column], pa.string()) for column in values]
                yield pa.record_batch(arrays, schema=schema)
                rows = result.fetchmany(BATCH_ROWS)

        with self._run(select) as result:
            yield pa.RecordBatchReader.from_batches(schema, read(result))

    def _select(
        self,
        mapping: Mapping,
        what: str,
        window: Window,
        is_feed: bool,
        limit: int | None,
        tail: str = "",
    ) -> Select:
        found = select_of(
            mapping, what, window, self._quote, _literal, is_feed=is_feed, limit=limit
        )
        return Select(found.sql + tail, mapping, is_feed, found.start)

    @contextmanager
    def _run(self, select: Select) -> Iterator[Any]:
        try:
            result = self._connection.exec_driver_sql(
                select.sql, execution_options={"stream_results": True}
            )
            try:
                yield result
            finally:
                result.close()
        except DBAPIError as error:
            text = _first_line(error.orig or error)
            if error.connection_invalidated:
                raise KeyaccountsError(
                    f"{self._system.place}: the connection to system {self._system.name} broke "
                    f"while {select.mapping.label} was read: {text}. Nothing of it landed; see "
                    "whether the server is up, then run again"
                ) from error
            place = select.place_of(select.start)
            raise ConfigurationError(f"{place}: {select.mapping.label}: {text}") from error

    def parents(self) -> list[str]:
        """Return none: a database gives rows, not records that hold them."""
        return []

    def close(self) -> None:
        """Close the connection."""
        with suppress(SQLAlchemyError):
            self._connection.close()
            self._connection.engine.dispose()


def _connect(system: System, url: str) -> Connection:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return create_engine(parsed).connect()
    # SQLite makes a file that is not there, and must not write to one that is.
    file = Path(system.base, parsed.database).resolve()
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    )
    connection = engine.connect()
    connection.exec_driver_sql("begin")
    return connection


def as_text(value: object) -> str | None:
    """Return a value as a contract file would say it; digits stay as they are."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat(*([" "] if isinstance(value, datetime) else []))
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _literal(instant: datetime) -> str:
    """Return an instant as text in UTC, which databases compare with their times."""
    return f"'{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"
