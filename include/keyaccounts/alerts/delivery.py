"""Take pending messages to their channels: at least once, each under its own key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, select

from keyaccounts.alerts import schema
from keyaccounts.alerts.channels import OUTBOX, Channel, Outbox, build_email, channel_name
from keyaccounts.alerts.errors import NoAddressError
from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.ledger import Ledger
from keyaccounts.alerts.model import PENDING, SENT, Message
from keyaccounts.alerts.routing import Routing
from keyaccounts.errors import ConfigurationError

MESSAGE_FAULTS = (NoAddressError, SMTPRecipientsRefused, SMTPDataError)
"""Faults of one message, which say nothing about its channel."""
MAX_FAILURES = 3
"""After so many failures in a row a channel is left alone until the next run."""


@dataclass(frozen=True)
class Post:
    """What delivery needs beside the ledger; `is_open` says that people may be reached now."""

    outbox: Outbox
    channels: Mapping[str, Channel]
    routing: Routing
    sender: str
    is_open: bool


def deliver(
    ledger: Ledger, post: Post, wall_time: datetime, log: Callable[[str], None]
) -> dict[str, int]:
    """Send what is pending and return counts: sent, waiting, failed.

    A message is marked sent after its channel took it, so a crash between the two repeats it
    under the same key. Waiting are those outside business hours or without their channel.
    """
    counts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for row in _pending(ledger):
        name = row["channel"]
        is_reachable = name == OUTBOX or (
            name in post.channels and (post.is_open or row["is_urgent"])
        )
        if not is_reachable or failures[name] >= MAX_FAILURES:
            counts["waiting" if not is_reachable else "failed"] += 1
            continue
        try:
            _send(row, post)
        except Exception as error:  # a channel may be foreign code: any fault only delays
            failures[name] += not isinstance(error, MESSAGE_FAULTS)
            counts["failed"] += 1
            text = one_line(f"{type(error).__name__}: {error}", 500)
            _note_failure(ledger, row, text)
            log(f"{name}: message {row['message_key']} stays pending: {text}")
        else:
            failures[name] = 0
            counts["sent"] += 1
            _note_sent(ledger, row, wall_time)
    return {key: counts[key] for key in ("sent", "waiting", "failed")}


def within_business_hours(wall_time: datetime, hours: str, timezone: str) -> bool:
    """Return True from Monday to Friday between the two times of `hours` (`08:00-18:00`).

    Raises ConfigurationError when `hours` does not parse.
    """
    try:
        start, end = (time.fromisoformat(part.strip()) for part in hours.split("-"))
    except ValueError as error:
        raise ConfigurationError(f"business_hours {hours!r} is not like 08:00-18:00") from error
    local = wall_time.astimezone(ZoneInfo(timezone))
    return local.weekday() < 5 and start <= local.time() < end


def named(channels: Sequence[Channel]) -> dict[str, Channel]:
    """Return channels by name; raises ConfigurationError when two share one."""
    by_name = {channel_name(channel): channel for channel in channels}
    if len(by_name) < len(channels) or OUTBOX in by_name:
        raise ConfigurationError("every channel needs a name of its own, other than outbox")
    return by_name


def _pending(ledger: Ledger) -> list[RowMapping]:
    """Outbox first, as a server may hang; then what was tried least, so that nothing starves."""
    table = schema.messages
    with ledger.transaction() as connection:
        query = (
            select(table).where(table.c.status == PENDING).order_by(table.c.attempts, table.c.id)
        )
        rows = list(connection.execute(query).mappings())
    return sorted(rows, key=lambda row: row["channel"] != OUTBOX)


def _send(row: RowMapping, post: Post) -> None:
    address = post.routing.address(row["recipient"])
    message = Message(
        row["message_key"], row["recipient"], row["subject"], row["text"], row["html"]
    )
    email = build_email(
        message,
        sender=post.sender,
        name=post.routing.name(row["recipient"]),
        address=address,
        created_at=row["created_at"],
    )
    if row["channel"] == OUTBOX:
        post.outbox.write(message, email, row["as_of_date"])
        return
    channel = post.channels[row["channel"]]
    if address is None and getattr(channel, "needs_address", True):
        raise NoAddressError(f"no e-mail address for {row['recipient']}")
    channel.send(email)


def _note_sent(ledger: Ledger, row: RowMapping, wall_time: datetime) -> None:
    _update(ledger, row, status=SENT, sent_at=wall_time, last_error=None)
    events = schema.events
    with ledger.transaction() as connection:
        connection.execute(
            events.update()
            .where(events.c.message_key == row["message_key"], events.c.state == PENDING)
            .values(state=SENT, sent_at=wall_time)
        )


def _note_failure(ledger: Ledger, row: RowMapping, text: str) -> None:
    _update(ledger, row, last_error=text)


def _update(ledger: Ledger, row: RowMapping, **values: Any) -> None:
    table = schema.messages
    with ledger.transaction() as connection:
        connection.execute(
            table.update()
            .where(table.c.id == row["id"])
            .values(attempts=table.c.attempts + 1, **values)
        )
