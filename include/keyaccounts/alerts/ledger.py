"""The alert ledger: what was told to whom, and what they answered.

Safe against a second notifier in three ways: a notifier holds `single_writer` from reading to
delivering; decisions, events and messages of a run are written in one transaction; and an event
key and a (message key, channel) pair exist at most once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from keyaccounts.alerts import schema
from keyaccounts.alerts.errors import LedgerError
from keyaccounts.alerts.model import Action, DigestLine, Entry
from keyaccounts.alerts.writer_lock import single_writer

GO_LIVE = "go_live_date"
LAST_DIGEST = "last_digest_monday"
ENTRY_COLUMNS = tuple(Entry.__dataclass_fields__)


@dataclass(frozen=True)
class LedgerState:
    """What the ledger knows before a run."""

    entries: Mapping[str, Entry]
    actions: tuple[Action, ...]
    newest_as_of_date: date | None
    go_live_date: date | None
    last_digest_monday: date | None
    released: frozenset[tuple[str, str]]
    open_holds: frozenset[tuple[str, str]]


class Ledger:
    """The ledger at one SQLAlchemy address (SQLite file or Postgres)."""

    def __init__(self, url: str) -> None:
        """Open the ledger, creating it on first use; raises LedgerError."""
        self.engine = _engine(url)
        schema.ensure_schema(self.engine)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def writer(self, holder: str, wait_seconds: float = 60) -> Iterator[None]:
        """Be the only notifier on this ledger; raises RunInProgressError after the wait."""
        with single_writer(self.engine, holder, wait_seconds):
            yield

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection whose changes are kept together or not at all."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerError(f"alert ledger {schema.shown(self.engine)}: {error}") from error

    def state(self) -> LedgerState:
        """Return everything that decisions depend on."""
        events, actions, holds = schema.events, schema.actions, schema.holds
        with self.transaction() as connection:
            entries = connection.execute(select(*[events.c[name] for name in ENTRY_COLUMNS]))
            answers = connection.execute(
                select(*[actions.c[name] for name in Action.__dataclass_fields__]).order_by(
                    actions.c.at, actions.c.id
                )
            )
            held = connection.execute(select(holds)).all()
            named = dict(
                connection.execute(
                    select(schema.settings_table.c.name, schema.settings_table.c.value)
                )
                .tuples()
                .all()
            )
            return LedgerState(
                entries={row.event_key: Entry(*row) for row in entries},
                actions=tuple(Action(*row) for row in answers),
                newest_as_of_date=connection.execute(
                    select(func.max(schema.runs.c.as_of_date))
                ).scalar(),
                go_live_date=_date(named.get(GO_LIVE)),
                last_digest_monday=_date(named.get(LAST_DIGEST)),
                released=frozenset((row.reason, row.scope) for row in held if row.released_at),
                open_holds=frozenset(
                    (row.reason, row.scope)
                    for row in held
                    if row.released_at is None and row.closed_at is None
                ),
            )


def waiting_lines(connection: Connection) -> list[DigestLine]:
    """Return the digest lines that no message carries yet, oldest first."""
    lines = schema.digest_lines
    query = (
        select(lines.c.id, lines.c.event_key, lines.c.section, lines.c.recipient)
        .where(lines.c.message_key.is_(None))
        .order_by(lines.c.id)
    )
    return [DigestLine(*row) for row in connection.execute(query)]


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return create_engine(parsed, connect_args={"timeout": 60})
        if kind == "postgresql":
            return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, SQLAlchemyError, OSError) as error:
        raise LedgerError(f"alert ledger address: {error}") from error
    raise LedgerError(f"alert ledger: {kind} is not supported; use a SQLite file or Postgres")


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
