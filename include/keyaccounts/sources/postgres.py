"""Postgres through ADBC: Arrow batches from COPY, in one read-only snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as driver
import pyarrow as pa

from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from keyaccounts.sources.base import ALL, Window
from keyaccounts.sources.mapping import Mapping, System
from keyaccounts.sources.selects import Select, in_contract_names, listed, select_of

OPTIONS = {
    "application_name": "keyaccounts",
    "connect_timeout": "30",
    # A server that is gone without a word is noticed after two minutes.
    "keepalives_idle": "60",
    "keepalives_interval": "15",
    "keepalives_count": "4",
}
WRONG_ADDRESS = (
    r"password|role \S+ does not exist|database \S+ does not exist|pg_hba\.conf|invalid "
    r"(connection|percent|URI|port)|authentication|missing \"=\"|permission denied for database"
)
TIMED_OUT = "57014"
FORBIDDEN = "42501"


class PostgresSource:
    """One connection and one snapshot; see `Source`."""

    def __init__(self, system: System, url: str) -> None:
        """Connect and take the snapshot. Raises ConfigurationError or KeyaccountsError."""
        self._system = system
        try:
            self._connection = driver.connect(_with_options(url))
        except adbc_driver_manager.Error as error:
            raise _not_connected(system, error) from error
        self._taken_at = self._begin()

    def _begin(self) -> datetime:
        settings = (
            "set transaction isolation level repeatable read, read only",
            f"set statement_timeout = {self._system.statement_timeout * 1000}",
            "set idle_in_transaction_session_timeout = 0",
            "set timezone = 'UTC'",
        )
        try:
            with self._connection.cursor() as cursor:
                for sql in settings:
                    cursor.execute(sql)
                cursor.execute("select now()")
                [(now,)] = cursor.fetchall()
        except (adbc_driver_manager.Error, OSError) as error:
            raise _broken(self._system, error) from error
        return datetime.fromisoformat(str(now)).astimezone(UTC)

    @property
    def taken_at(self) -> datetime:
        """The start of the snapshot, by the server's clock."""
        return self._taken_at

    def columns(self, mapping: Mapping, *, is_feed: bool = False) -> dict[str, str]:
        """Return the columns with their Postgres types."""
        select = select_of(mapping, "*", ALL, _quote, _literal, is_feed=is_feed, limit=0)
        with self._stream(select) as reader:
            found = {field.name: _type_of(field) for field in reader.schema}
        return in_contract_names(mapping, found)

    def count(self, mapping: Mapping, window: Window, *, is_feed: bool = False) -> int:
        """Return the number of rows in a window."""
        select = select_of(mapping, "count(*) as n", window, _quote, _literal, is_feed=is_feed)
        with self._stream(select) as reader:
            return int(reader.read_all().column(0)[0].as_py())

    def bounds(self, mapping: Mapping) -> tuple[datetime, datetime] | None:
        """Return the first and the last instant of the cursor."""
        cursor = _quote(mapping.columns.get(mapping.cursor, mapping.cursor))
        ends = [f"({end}({cursor}) filter (where isfinite({cursor})))" for end in ("min", "max")]
        what = f"{ends[0]}::timestamptz::text as a, {ends[1]}::timestamptz::text as b"
        with self._stream(select_of(mapping, what, ALL, _quote, _literal)) as reader:
            [row] = reader.read_all().to_pylist()
        if row["a"] is None:
            return None
        return datetime.fromisoformat(row["a"]), datetime.fromisoformat(row["b"])

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
        """Give the rows in a window as a stream."""
        what = listed(mapping, columns, _quote)
        select = select_of(mapping, what, window, _quote, _literal, is_feed=is_feed, limit=limit)
        with self._stream(select) as reader:
            yield reader

    @contextmanager
    def _stream(self, select: Select) -> Iterator[pa.RecordBatchReader]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(select.sql)
                yield cursor.fetch_record_batch()
        except adbc_driver_manager.Error as error:
            raise self._told(error, select) from error
        except (OSError, pa.ArrowInvalid) as error:
            if getattr(error, "errno", None) is not None:
                # Of our own disk, not of the server.
                raise
            raise self._told(error, select) from error

    def _told(self, error: Exception, select: Select) -> KeyaccountsError:
        """Return what went wrong, as a person can act on it."""
        state = getattr(error, "sqlstate", None)
        label = select.mapping.label
        if state == TIMED_OUT or "statement timeout" in str(error):
            return KeyaccountsError(
                f"{select.mapping.place}: {label} took longer than statement_timeout "
                f"({self._system.statement_timeout} s) and was given up; nothing of it landed. "
                "Raise statement_timeout of the system, or see to an index on the cursor"
            )
        if not self._is_alive():
            return _broken(self._system, error, label)
        details = {_text(key): value for key, value in getattr(error, "details", None) or []}
        position = details.get("PG_DIAG_STATEMENT_POSITION")
        place = select.place_of(int(position) - 1 if position else None)
        text = _text(details.get("PG_DIAG_MESSAGE_PRIMARY") or _first_error(error))
        if state is None:
            return SourceRefusedError(
                f"{place}: {label} cannot be read: {text}; nothing of it landed"
            )
        hint = "; grant select on it to the user of the connection" if state == FORBIDDEN else ""
        return ConfigurationError(f"{place}: {label}: {text}{hint}")

    def _is_alive(self) -> bool:
        """Ask for a sign of life: the text of an error may be in any language."""
        try:
            self._connection.rollback()
            with self._connection.cursor() as cursor:
                cursor.execute("select 1")
                cursor.fetchall()
        except (adbc_driver_manager.Error, OSError):
            return False
        return True

    def parents(self) -> list[str]:
        """Return none: a database gives rows, not records that hold them."""
        return []

    def close(self) -> None:
        """Close the connection; one that broke is gone already."""
        with suppress(adbc_driver_manager.Error, OSError):
            self._connection.close()


def _with_options(url: str) -> str:
    url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    missing = [f"{key}={value}" for key, value in OPTIONS.items() if f"{key}=" not in url]
    return url + ("&" if "?" in url else "?") + "&".join(missing) if missing else url


def _not_connected(system: System, error: Exception) -> KeyaccountsError:
    text = _first_error(error)
    kind, value = system.address
    if re.search(WRONG_ADDRESS, text, re.IGNORECASE):
        return ConfigurationError(
            f"{system.place}: system {system.name} refuses {_how(kind, value)}: {text}"
        )
    return KeyaccountsError(
        f"{system.place}: system {system.name} cannot be reached with {_how(kind, value)}: {text}. "
        "Nothing of it landed; see whether the server is up, then run again"
    )


def _how(kind: str, value: str) -> str:
    return {"connection": f"connection {value}", "url_env": f"the address in {value}"}.get(
        kind, "its url"
    )


def _broken(system: System, error: Exception, label: str | None = None) -> KeyaccountsError:
    return KeyaccountsError(
        f"{system.place}: the connection to system {system.name} broke"
        + (f" while {label} was read" if label else "")
        + f": {_first_error(error)}. Nothing of it landed; see whether the server is up, then run "
        "again"
    )


def _first_error(error: Exception) -> str:
    """Return the one line of an error that says something, without the SQL."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r"^.*?(ERROR|FATAL|failed):\s*", "", lines[0]) if lines else type(error).__name__


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _type_of(field: pa.Field) -> str:
    metadata = field.metadata or {}
    return _text(metadata.get(b"POSTGRESQL:type", str(field.type)))


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(instant: datetime) -> str:
    return f"timestamptz '{instant.astimezone(UTC).isoformat()}'"
