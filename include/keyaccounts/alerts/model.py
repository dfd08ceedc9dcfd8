"""The nouns of the notifier: candidates, what the ledger knows, decisions.

All of them are plain values. An event is a fact of the data; a candidate is an event in the
publication of this run; an entry is what the ledger remembers of an event (semantics, section 4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

SEVERITIES = ("critical", "high", "medium", "low", "info")
"""Worst first."""
DATA_ENGINEERING = "data_engineering"
FINANCE_CONTROL = "finance_control"

# States of an event in the ledger.
PENDING = "pending"  # its message is written down, no channel has taken it yet
SENT = "sent"
RETRACTED = "retracted"  # was sent, is no longer true
QUEUED = "queued"  # waits for the Monday digest
DEFERRED = "deferred"  # snoozed, or first seen by a run for an earlier day
HELD = "held"  # a circuit breaker or a failed check holds it
BASELINE = "baseline"
STALE = "stale"
RECORDED = "recorded"  # never to be delivered
CLOSED = "closed"  # a person resolved or accepted it before it was sent
TOLD_STATES = frozenset({PENDING, SENT})
OPEN_STATES = frozenset({QUEUED, DEFERRED, HELD})
"""Seen, and not yet told; a later run decides."""

# Sections of the digest beside those by severity.
FOUND_LATE = "found_late"
RETRACTED_LINE = "retracted"
REINSTATED_LINE = "reinstated"


@dataclass(frozen=True)
class Candidate:
    """One row of `marts.alert_events`; amounts of the payload are Decimals in base currency."""

    event_key: str
    alert_type: str
    unit_type: str
    unit_id: str
    account_id: str | None
    owner_user_id: str | None
    """Owner now, where the accounts mart knows one; else at the effective date."""
    effective_date: date
    from_value: str | None
    to_value: str | None
    severity: str
    audience: str
    delivery: str
    cause: str | None = None
    at_stake_amount: Decimal | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    has_ended: bool = False
    """It told of a state of the account that has ended since."""


@dataclass(frozen=True)
class Entry:
    """What the ledger knows of one event key."""

    event_key: str
    state: str
    alert_type: str
    unit_id: str
    account_id: str | None
    effective_date: date
    from_value: str | None
    to_value: str | None
    severity: str
    audience: str
    first_seen_wall_date: date
    recipient: str = ""
    channel: str = ""
    told_on: date | None = None
    """Business day of the run that wrote its message."""
    reminders_count: int = 0
    message_key: str | None = None


@dataclass(frozen=True)
class Action:
    """What a person answered; `target` is an event key or an account id."""

    target: str
    action: str
    actor: str
    at: datetime
    until_date: date | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Hold:
    """Why the business alerts of a run wait; `scope` is an evaluation date or a check."""

    reason: str
    scope: str
    detail: str
    """What was found, in English: for the ledger and the log."""
    found: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What was found as a text of the catalogue, and its facts."""


@dataclass(frozen=True)
class ClosedMonth:
    """Net revenue of the last closed month, beside its forecast, of accounts that have one."""

    first_day: date
    actual_amount: Decimal
    forecast_amount: Decimal


@dataclass(frozen=True)
class RunContext:
    """The clocks and switches of one decision round."""

    as_of_date: date
    range_from: date
    """First effective date that this run evaluated; keys before it are not retracted."""
    wall_time: datetime
    wall_date: date
    """`wall_time` in the business time zone."""
    go_live_date: date
    newest_as_of_date: date | None = None
    """Newest D that the ledger has seen before; None at the first run."""
    send: bool = True
    holds: tuple[Hold, ...] = ()

    @property
    def is_earlier(self) -> bool:
        """True for a replay or back-fill of a day before the newest one; it never sends."""
        return self.newest_as_of_date is not None and self.as_of_date < self.newest_as_of_date


@dataclass(frozen=True)
class Decision:
    """The answer for one event in one run, and the state that the ledger takes from it."""

    event_key: str
    decision: str
    """send, suppress, defer, hold, retract, reinstate, baseline or digest."""
    channel: str
    """immediate, digest or empty."""
    recipient: str
    reason: str
    state: str
    copies: tuple[str, ...] = ()
    """Further recipients of an immediate alert: the manager, when critical."""


@dataclass(frozen=True)
class DigestLine:
    """A line that waits for the next digest: found late, retracted or reinstated."""

    id: int
    event_key: str
    section: str
    recipient: str


@dataclass(frozen=True)
class Reminder:
    """A second or third word about an alert that nobody acknowledged; `number` is 1 or 2."""

    event_key: str
    recipient: str
    number: int
    is_escalation: bool = False
    """True for the word to the manager, beside the second one to the owner."""


@dataclass(frozen=True)
class Outcome:
    """Everything that one run decides."""

    decisions: tuple[Decision, ...]
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True)
class Message:
    """A finished message to one recipient, and what it tells.

    `key` is the idempotency key: the same recipient and contents give the same key.
    """

    key: str
    recipient: str
    subject: str
    text: str
    html: str
    is_urgent: bool = False
    """True for operational notices to data engineers, which no business hours delay."""
    event_keys: tuple[str, ...] = ()
    """Events that are told for the first time by this message (not copies, not reminders)."""
    line_ids: tuple[int, ...] = ()


def severity_rank(severity: str) -> int:
    """Return 0 for critical up to 4 for info; unknown words sort last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def is_business(audience: str) -> bool:
    """Return True unless the alert is for data engineers, whom no hold silences."""
    return audience != DATA_ENGINEERING


def is_shared(audience: str) -> bool:
    """Return True for what a manager may be told beside the owner."""
    return audience not in (DATA_ENGINEERING, FINANCE_CONTROL)


def keys_of(candidates: Collection[Candidate]) -> frozenset[str]:
    """Return the event keys of `candidates`."""
    return frozenset(candidate.event_key for candidate in candidates)
