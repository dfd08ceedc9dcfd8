"""The alert inbox: what waits for somebody's answer, what was answered, and what came of it.

An alert is in the inbox once it was told, or will be: what lay before the go-live date, what an
alert rule only records, and what an earlier day found is not. Its status follows from the ledger
and the answers of people; an alert that is true no more is retracted, however it was answered. One
that a newer alert about the same matter has overtaken waits no more, nor does one that tells of a
state that has ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from keyaccounts.alerts import schema
from keyaccounts.alerts.actions import record_action
from keyaccounts.alerts.blocks import Block, build_block, past_title
from keyaccounts.alerts.decide import snoozed_until
from keyaccounts.alerts.errors import ActionRefusedError
from keyaccounts.alerts.ledger import ENTRY_COLUMNS, Ledger
from keyaccounts.alerts.links import Links, alert_id_of, links_of
from keyaccounts.alerts.model import (
    BASELINE,
    FINANCE_CONTROL,
    HELD,
    RECORDED,
    RETRACTED,
    Action,
    Entry,
    severity_rank,
)
from keyaccounts.alerts.posting import local_date, people
from keyaccounts.alerts.publication import Told, read_told
from keyaccounts.alerts.routing import Routing
from keyaccounts.alerts.topics import superseded
from keyaccounts.settings import Settings
from keyaccounts.texts import ENGLISH, Code, Texts

SILENT = (BASELINE, RECORDED)
WAITING = ("open", "acknowledged", "snoozed", "on hold")
CLOSED = ("resolved", "accepted", "superseded", "ended", "retracted")
PAST = ("superseded", "ended", "retracted")
"""What an alert of these asked for is not to be done any more."""
CLOSING = {"resolve": "resolved", "accept": "accepted"}
SHORTEST = 4
"""Digits of an alert's id that a person has to give at least."""


@dataclass(frozen=True)
class Item:
    """One alert as its reader finds it; days are business days, `until` that of a snooze."""

    alert_id: str
    status: str
    until: date | None
    entry: Entry
    owner_user_id: str | None
    owner_name: str
    account_name: str
    block: Block | None
    """Its facts, while the current publication holds them."""
    title: str
    answers: tuple[Action, ...]
    newer_id: str = ""
    """The alert that supersedes it, where that one is in the inbox."""

    @property
    def unit(self) -> str:
        """The account, or what else it is about."""
        return self.entry.account_id or self.entry.unit_id

    @property
    def is_confidential(self) -> bool:
        """True for what only finance control is told."""
        return self.entry.audience == FINANCE_CONTROL


@dataclass(frozen=True)
class Inbox:
    """The alerts of a home, worst and newest first, and as of when their facts are."""

    items: tuple[Item, ...]
    as_of_date: date | None

    def find(self, given: str) -> Item:
        """Return the alert of an id (or its first digits), an event key, or an account.

        Of an account the one alert that waits is meant. Raises ActionRefusedError where nothing
        or more than one is found.
        """
        found = [item for item in self.items if given in (item.entry.event_key, item.alert_id)]
        if not found and len(given) >= SHORTEST:
            found = [item for item in self.items if item.alert_id.startswith(given.lower())]
        if not found:
            found = [item for item in self.items if given == item.unit and item.status in WAITING]
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(f"{item.alert_id} ({item.title})" for item in found[:5])
            raise ActionRefusedError("refusal.many", given=given, alerts=len(found), named=named)
        raise ActionRefusedError("refusal.no_alert", given=given)


def read_inbox(settings: Settings, wall_time: datetime, texts: Texts = ENGLISH) -> Inbox:
    """Return all alerts that were told or wait to be, as they stand at an instant.

    Raises LedgerError, and PublicationUnreadableError when a publication is damaged.
    """
    today = local_date(wall_time, settings)
    events, actions = schema.events, schema.actions
    columns = [*(events.c[name] for name in ENTRY_COLUMNS), events.c.owner_user_id]
    with closing(Ledger(settings.ledger)) as ledger, ledger.transaction() as connection:
        rows = connection.execute(select(*columns).where(events.c.state.not_in(SILENT))).all()
        earliest = min((row.effective_date for row in rows), default=today)
        silent = connection.execute(
            select(*columns)
            .where(events.c.state.in_(SILENT))
            .where(events.c.effective_date > earliest)
        ).all()
        given = connection.execute(
            select(*[actions.c[name] for name in Action.__dataclass_fields__])
            .where(actions.c.at <= wall_time)
            .order_by(actions.c.at, actions.c.id)
        ).all()
    answers: dict[str, list[Action]] = defaultdict(list)
    for row in given:
        answers[row.target].append(Action(*row))
    told = read_told(settings.published, [row.event_key for row in rows])
    routing, links = people(settings, today, texts), links_of(settings)
    # What is recorded without a message ends an older alert all the same.
    past = superseded(row for row in [*rows, *silent] if row.state not in {RETRACTED, HELD})
    shown = {row.event_key for row in rows}
    items = [
        _item(
            Entry(*row[:-1]), row.owner_user_id, answers, told, routing, links, today,
            newer=past.get(row.event_key), shown=shown,
        )
        for row in rows
    ]  # fmt: skip
    return Inbox(tuple(sorted(items, key=_order)), told.as_of_date)


def answer(
    settings: Settings,
    given: Sequence[str],
    action: str,
    *,
    actor: str,
    at: datetime,
    until: date | None = None,
    reason: str | None = None,
    texts: Texts = ENGLISH,
) -> list[Item]:
    """Record one answer to each of the alerts, or to none of them, and return them as they stand.

    Raises ActionRefusedError, LedgerError and PublicationUnreadableError.
    """
    inbox = read_inbox(settings, at, texts)
    found = [inbox.find(one) for one in given]
    for item in found:
        if item.status in CLOSED and action != "comment":
            raise ActionRefusedError(
                "refusal.closed", alert=item.alert_id, title=item.title,
                status=Code("status", item.status),
            )  # fmt: skip
    for item in found:
        record_action(
            settings, key_or_account=item.entry.event_key, action=action, actor=actor, at=at,
            until=until, reason=reason,
        )  # fmt: skip
    after = read_inbox(settings, at, texts)
    return [after.find(item.entry.event_key) for item in found]


def snooze_account(
    settings: Settings, account_id: str, *, actor: str, at: datetime, until: date, reason: str
) -> str:
    """Keep all alerts of an account quiet up to a day, coming ones too, and say how many wait.

    Raises ActionRefusedError, LedgerError and PublicationUnreadableError.
    """
    inbox = read_inbox(settings, at)
    waiting = [i for i in inbox.items if i.unit == account_id and i.status in WAITING]
    known = read_told(settings.published, ()).account_names
    if not waiting and account_id not in known:
        raise ActionRefusedError("refusal.no_account", account=account_id)
    record_action(
        settings, key_or_account=account_id, action="snooze", actor=actor, at=at, until=until,
        reason=reason,
    )  # fmt: skip
    name = known.get(account_id, account_id)
    return f"{name} ({account_id}) is quiet until {until}: {len(waiting)} alerts wait till then"


def history(
    settings: Settings, item: Item, texts: Texts = ENGLISH
) -> list[tuple[datetime, str, str, str]]:
    """Return what happened to an alert, oldest first: instant, what, who, and why.

    Who was told is named as the CRM names them. What people answered to its account is among it.
    """
    name = people(settings, item.entry.effective_date, texts).name
    decisions = schema.decisions
    query = select(decisions).where(decisions.c.event_key == item.entry.event_key)
    with closing(Ledger(settings.ledger)) as ledger, ledger.transaction() as connection:
        decided = [
            (
                row["wall_time"],
                row["decision"],
                name(row["recipient"]) if row["recipient"] else "",
                row["reason"],
            )
            for row in connection.execute(query.order_by(decisions.c.id)).mappings()
        ]
    answered = [
        (a.at, a.action + (f" until {a.until_date}" if a.until_date else ""), a.actor,
         a.reason or "")
        for a in item.answers
    ]  # fmt: skip
    # The same decision of every night stands once.
    changes = [
        told for last, told in zip([None, *decided], decided, strict=False)
        if last is None or told[1:] != last[1:]
    ]  # fmt: skip
    return sorted([*changes, *answered], key=lambda told: told[0])


def _item(
    entry: Entry,
    owner: str | None,
    answers: dict[str, list[Action]],
    told: Told,
    routing: Routing,
    links: Links,
    today: date,
    *,
    newer: str | None,
    shown: Container[str],
) -> Item:
    targets = dict.fromkeys(t for t in (entry.event_key, entry.account_id, entry.unit_id) if t)
    given = sorted((a for t in targets for a in answers.get(t, ())), key=lambda a: a.at)
    unit = entry.account_id or entry.unit_id
    name = told.account_names.get(unit) or routing.name(unit)
    event = told.events.get(entry.event_key)
    block = None
    if event is not None:
        block = build_block(
            event,
            name=name,
            owner=routing.name(owner),
            currency=told.base_currency,
            links=links,
            texts=routing.texts,
        )
    status, until = _status(
        entry, given, targets, today, is_past=newer is not None,
        has_ended=event is not None and event.has_ended,
    )  # fmt: skip
    if block and status in PAST:
        block = replace(block, next_step="")
    return Item(
        alert_id=alert_id_of(entry.event_key),
        status=status,
        until=until,
        entry=entry,
        owner_user_id=owner,
        owner_name=routing.name(owner),
        account_name=name,
        block=block,
        title=block.title if block else past_title(entry, name, routing.texts),
        answers=tuple(given),
        newer_id=alert_id_of(newer) if newer and newer in shown and status == "superseded" else "",
    )


def _status(
    entry: Entry,
    given: Sequence[Action],
    targets: Iterable[str],
    today: date,
    *,
    is_past: bool,
    has_ended: bool,
) -> tuple[str, date | None]:
    own = [action.action for action in given if action.target == entry.event_key]
    closed = [CLOSING[action] for action in own if action in CLOSING]
    until = snoozed_until(targets, given, today)
    if entry.state == RETRACTED:
        return "retracted", None
    if closed:
        return closed[-1], None
    if is_past:
        return "superseded", None
    if has_ended:
        return "ended", None
    if until:
        return "snoozed", until
    if entry.state == HELD:
        return "on hold", None
    return ("acknowledged" if "acknowledge" in own else "open"), None


def _order(item: Item) -> tuple[int, int, str]:
    entry = item.entry
    return severity_rank(entry.severity), -entry.effective_date.toordinal(), entry.event_key
