"""Tables of the alert ledger, for SQLite and Postgres, and how an older ledger is upgraded.

The ledger is never rebuilt from data, so a change here may only add tables and columns that are
nullable or have a server default.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeDecorator

from keyaccounts.alerts.errors import LedgerError

SCHEMA_VERSION = 1
SCHEMA_LOCK = 0x6B65_7961_6364


def ensure_schema(engine: Engine) -> None:
    """Create what is missing and write the version row; safe to call at every start.

    Raises LedgerError when the ledger is not reachable or was written by a newer program.
    """
    try:
        with engine.begin() as connection:
            _lock_schema(connection)
            metadata.create_all(connection)
            _add_missing_columns(connection)
            _check_version(connection)
    except SQLAlchemyError as error:
        raise LedgerError(f"alert ledger {shown(engine)}: {error}") from error


def shown(engine: Engine) -> str:
    """Return the address of the ledger without its password."""
    return engine.url.render_as_string(hide_password=True)


class Instant(TypeDecorator[datetime]):
    """An instant: stored in UTC, always read back time zone aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; a value without time zone is a defect of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"instant {value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's bare values their time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

settings_table = Table(
    "ledger_settings",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)
runs = Table(
    "ledger_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(100), nullable=False),
    Column("as_of_date", Date, nullable=False),
    Column("wall_time", Instant, nullable=False),
    Column("is_sending", Boolean, nullable=False),
)
events = Table(
    "ledger_events",
    metadata,
    Column("event_key", String(500), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("alert_type", String(60), nullable=False),
    Column("unit_id", String(200), nullable=False),
    Column("account_id", String(200)),
    Column("owner_user_id", String(200)),
    Column("effective_date", Date, nullable=False),
    Column("from_value", String(200)),
    Column("to_value", String(200)),
    Column("severity", String(20), nullable=False),
    Column("audience", String(40), nullable=False),
    Column("first_seen_run", String(100), nullable=False),
    Column("first_seen_wall_date", Date, nullable=False),
    Column("recipient", String(320), nullable=False, server_default=""),
    Column("channel", String(20), nullable=False, server_default=""),
    Column("told_on", Date),
    Column("sent_at", Instant),
    Column("reminders_count", Integer, nullable=False, server_default="0"),
    Column("message_key", String(64), index=True),
)
decisions = Table(
    "ledger_decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(100), nullable=False),
    Column("wall_time", Instant, nullable=False),
    Column("event_key", String(500), nullable=False, index=True),
    Column("decision", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("reason", String(60), nullable=False),
)
actions = Table(
    "ledger_actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(500), nullable=False, index=True),
    Column("action", String(20), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("at", Instant, nullable=False),
    Column("until_date", Date),
    Column("reason", Text),
)
messages = Table(
    "ledger_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_key", String(64), nullable=False),
    Column("channel", String(60), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("as_of_date", Date, nullable=False),
    Column("status", String(20), nullable=False),
    Column("is_urgent", Boolean, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    UniqueConstraint("message_key", "channel", name="uq_ledger_messages_key_channel"),
)
digest_lines = Table(
    "ledger_digest_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event_key", String(500), nullable=False, index=True),
    Column("section", String(20), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("run_id", String(100), nullable=False),
    Column("message_key", String(64)),
)
holds = Table(
    "ledger_holds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reason", String(40), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("closed_at", Instant),
)


def _lock_schema(connection: Connection) -> None:
    """Let two first starts create the tables one after the other; ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({SCHEMA_LOCK})")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _add_missing_columns(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        present = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in present:
                _add_column(connection, table, column)


def _add_column(connection: Connection, table: Table, column: Column[Any]) -> None:
    if not column.nullable and column.server_default is None:
        raise LedgerError(
            f"ledger table {table.name} lacks column {column.name}, which has no default"
        )
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


def _check_version(connection: Connection) -> None:
    query = select(settings_table.c.value).where(settings_table.c.name == "schema_version")
    found = connection.execute(query).scalar()
    if found is None:
        connection.execute(
            settings_table.insert().values(name="schema_version", value=str(SCHEMA_VERSION))
        )
    elif int(found) > SCHEMA_VERSION:
        raise LedgerError(
            f"the alert ledger has schema version {found}, this program knows {SCHEMA_VERSION}: "
            "use the newer program"
        )
    elif int(found) < SCHEMA_VERSION:
        connection.execute(
            settings_table.update()
            .where(settings_table.c.name == "schema_version")
            .values(value=str(SCHEMA_VERSION))
        )
