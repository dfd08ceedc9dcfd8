"""Write what a run decided into the ledger, inside the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, select

from keyaccounts.alerts import schema
from keyaccounts.alerts.model import (
    BASELINE,
    FOUND_LATE,
    PENDING,
    RECORDED,
    REINSTATED_LINE,
    RETRACTED_LINE,
    Candidate,
    Decision,
    Entry,
    Hold,
    Message,
    Outcome,
    RunContext,
)

SILENT_STATES = {BASELINE, RECORDED}
"""Logged when they are settled, not again every night: nearly all of history is baseline."""
LINE_SECTIONS = {"retract": RETRACTED_LINE, "reinstate": REINSTATED_LINE}


def record_decisions(
    connection: Connection,
    run_id: str,
    run: RunContext,
    entries: Mapping[str, Entry],
    candidates: Sequence[Candidate],
    outcome: Outcome,
) -> None:
    """Add the run, its decision log, new events, changed states and waiting digest lines."""
    connection.execute(
        schema.runs.insert().values(
            run_id=run_id,
            as_of_date=run.as_of_date,
            wall_time=run.wall_time,
            is_sending=run.send,
        )
    )
    by_key = {event.event_key: event for event in candidates}
    new_rows, log_rows, line_rows = [], [], []
    for decision in outcome.decisions:
        if not (decision.decision == "suppress" and decision.state in SILENT_STATES):
            log_rows.append(_log_row(decision, run_id, run))
        section = _section(decision, is_new=decision.event_key not in entries)
        if section:
            line_rows.append(_line_row(decision, section, run_id))
        if decision.event_key not in entries:
            new_rows.append(_event_row(by_key[decision.event_key], decision, run_id, run))
        elif decision.state != entries[decision.event_key].state:
            _change(connection, decision, by_key.get(decision.event_key))
    for table, rows in (
        (schema.events, new_rows),
        (schema.decisions, log_rows),
        (schema.digest_lines, line_rows),
    ):
        if rows:
            connection.execute(table.insert(), rows)
    for reminder in outcome.reminders:
        connection.execute(
            schema.events.update()
            .where(schema.events.c.event_key == reminder.event_key)
            .values(reminders_count=reminder.number)
        )


def record_messages(
    connection: Connection,
    messages: Sequence[Message],
    channels_of: Callable[[str], Sequence[str]],
    as_of_date: date,
    wall_date: date,
    wall_time: datetime,
) -> int:
    """Write messages as pending, one row per channel, and tie events and lines to them.

    `channels_of` names the channels of a recipient. Returns how many messages are new; one whose
    key the ledger has already is left alone.
    """
    table, events, lines = schema.messages, schema.events, schema.digest_lines
    written = 0
    for message in messages:
        found = select(table.c.id).where(table.c.message_key == message.key)
        if connection.execute(found).first() is not None:
            continue
        written += 1
        connection.execute(
            table.insert(),
            [
                _message_row(message, channel, as_of_date, wall_time)
                for channel in channels_of(message.recipient)
            ],
        )
        if message.event_keys:
            connection.execute(
                events.update()
                .where(events.c.event_key == bindparam("told_key"))
                .values(state=PENDING, told_on=wall_date, message_key=message.key),
                [{"told_key": key} for key in message.event_keys],
            )
        if message.line_ids:
            connection.execute(
                lines.update()
                .where(lines.c.id == bindparam("line_id"))
                .values(message_key=message.key),
                [{"line_id": line_id} for line_id in message.line_ids],
            )
    return written


def record_holds(
    connection: Connection,
    found: Sequence[Hold],
    wall_time: datetime,
    *,
    is_released: bool,
    open_holds: frozenset[tuple[str, str]],
) -> None:
    """Open new holds, close those that no longer stand, or mark `found` as released."""
    holds = schema.holds
    current = {(hold.reason, hold.scope) for hold in found}
    for hold in found:
        if (hold.reason, hold.scope) not in open_holds:
            connection.execute(
                holds.insert().values(
                    reason=hold.reason, scope=hold.scope, detail=hold.detail, opened_at=wall_time
                )
            )
    ends = [("closed_at", open_holds - current)]
    if is_released:
        ends.append(("released_at", frozenset(current)))
    for column, keys in ends:
        for reason, scope in sorted(keys):
            connection.execute(
                holds.update()
                .where(holds.c.reason == reason, holds.c.scope == scope)
                .where(holds.c.released_at.is_(None), holds.c.closed_at.is_(None))
                .values({column: wall_time})
            )


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Write a named value of the ledger."""
    table = schema.settings_table
    changed = connection.execute(table.update().where(table.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(table.insert().values(name=name, value=value))


def _section(decision: Decision, *, is_new: bool) -> str:
    if is_new and decision.reason == "stale_effective_date":
        return FOUND_LATE
    return LINE_SECTIONS.get(decision.decision, "")


def _event_row(
    event: Candidate, decision: Decision, run_id: str, run: RunContext
) -> dict[str, object]:
    return {
        "event_key": event.event_key,
        "state": decision.state,
        "alert_type": event.alert_type,
        "unit_id": event.unit_id,
        "account_id": event.account_id,
        "owner_user_id": event.owner_user_id,
        "effective_date": event.effective_date,
        "from_value": event.from_value,
        "to_value": event.to_value,
        "severity": event.severity,
        "audience": event.audience,
        "first_seen_run": run_id,
        "first_seen_wall_date": run.wall_date,
        "recipient": decision.recipient,
        "channel": decision.channel,
    }


def _change(connection: Connection, decision: Decision, event: Candidate | None) -> None:
    values: dict[str, object] = {"state": decision.state}
    if decision.decision in {"send", "digest"} and event is not None:
        values |= {
            "recipient": decision.recipient,
            "channel": decision.channel,
            "severity": event.severity,
            "owner_user_id": event.owner_user_id,
        }
    connection.execute(
        schema.events.update()
        .where(schema.events.c.event_key == decision.event_key)
        .values(**values)
    )


def _log_row(decision: Decision, run_id: str, run: RunContext) -> dict[str, object]:
    return {
        "run_id": run_id,
        "wall_time": run.wall_time,
        "event_key": decision.event_key,
        "decision": decision.decision,
        "channel": decision.channel,
        "recipient": decision.recipient,
        "reason": decision.reason,
    }


def _line_row(decision: Decision, section: str, run_id: str) -> dict[str, object]:
    return {
        "event_key": decision.event_key,
        "section": section,
        "recipient": decision.recipient,
        "run_id": run_id,
    }


def _message_row(
    message: Message, channel: str, as_of_date: date, wall_time: datetime
) -> dict[str, object]:
    body = "\n".join((message.subject, message.text, message.html))
    return {
        "message_key": message.key,
        "channel": channel,
        "recipient": message.recipient,
        "as_of_date": as_of_date,
        "status": "pending",
        "is_urgent": message.is_urgent,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "body_hash": hashlib.sha256(body.encode("utf-8")).hexdigest(),
        "created_at": wall_time,
    }
