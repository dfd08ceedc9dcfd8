"""Gather what each person is told in this run into one message per recipient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from keyaccounts.alerts import wording
from keyaccounts.alerts.blocks import Block, build_block, past_title
from keyaccounts.alerts.decide import is_snoozed
from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.links import NO_LINKS, Links
from keyaccounts.alerts.model import (
    FOUND_LATE,
    QUEUED,
    SEVERITIES,
    Action,
    Candidate,
    Decision,
    DigestLine,
    Entry,
    Message,
    Outcome,
    RunContext,
    severity_rank,
)
from keyaccounts.alerts.plots import Plot
from keyaccounts.alerts.rendering import Mail, Section, render
from keyaccounts.alerts.routing import NO_OWNER, OWNER_ABSENT, Routing
from keyaccounts.texts import Texts

MAX_ALERTS = 10
MAX_LINES = 10


@dataclass(frozen=True)
class Desk:
    """What every message of a run needs to know."""

    routing: Routing
    account_names: Mapping[str, str]
    currency: str
    links: Links = NO_LINKS
    plots: Mapping[str, Plot] = field(default_factory=dict)
    """By event key, of the alerts that are shown whole."""

    @property
    def texts(self) -> Texts:
        """The language that people are told in."""
        return self.routing.texts


@dataclass
class _Pile:
    """What one recipient is told; each item also adds a part to the key of the message."""

    alerts: list[tuple[Candidate, str]] = field(default_factory=list)
    reminders: list[tuple[Candidate, int]] = field(default_factory=list)
    escalations: list[Candidate] = field(default_factory=list)
    digest: list[Candidate] = field(default_factory=list)
    found_late: list[Candidate] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    event_keys: list[str] = field(default_factory=list)
    line_ids: list[int] = field(default_factory=list)


def compose(
    candidates: Sequence[Candidate],
    entries: Mapping[str, Entry],
    actions: Sequence[Action],
    outcome: Outcome,
    lines: Sequence[DigestLine],
    run: RunContext,
    desk: Desk,
    *,
    is_digest_due: bool,
) -> list[Message]:
    """Return at most one message per recipient: new alerts, reminders and, when due, the digest.

    `entries` is the ledger before the run; `lines` are the digest lines that wait, those of
    this run included. A snoozed event, or one that is no longer a candidate, stays out.
    """
    piles: dict[str, _Pile] = defaultdict(_Pile)
    by_key = {event.event_key: event for event in candidates}
    _add_alerts(piles, by_key, outcome, desk)
    if is_digest_due:
        waiting = [
            by_key[decision.event_key]
            for decision in outcome.decisions
            if decision.state == QUEUED and decision.decision != "defer"
        ]
        _add_digest(piles, waiting, run, desk.routing)
        _add_lines(piles, lines, by_key, entries, actions, run, desk)
    return [_message(recipient, piles[recipient], run, desk) for recipient in sorted(piles)]


def shown_whole(candidates: Sequence[Candidate], outcome: Outcome) -> list[Candidate]:
    """Return the events that some message of the run shows with all their facts."""
    by_key = {event.event_key: event for event in candidates}
    told: dict[str, list[Candidate]] = defaultdict(list)
    for decision in outcome.decisions:
        if decision.decision == "send":
            for recipient in (decision.recipient, *decision.copies):
                told[recipient].append(by_key[decision.event_key])
    shown = (sorted(all_, key=_worst_first)[:MAX_ALERTS] for all_ in told.values())
    return list({event.event_key: event for first in shown for event in first}.values())


def _add_alerts(
    piles: dict[str, _Pile], by_key: Mapping[str, Candidate], outcome: Outcome, desk: Desk
) -> None:
    for decision in outcome.decisions:
        if decision.decision == "send":
            _add_send(piles, by_key[decision.event_key], decision, desk.routing)
    for reminder in outcome.reminders:
        pile, event = piles[reminder.recipient], by_key[reminder.event_key]
        if reminder.is_escalation:
            pile.escalations.append(event)
            pile.parts.append(f"escalation|{event.event_key}")
        else:
            pile.reminders.append((event, reminder.number))
            pile.parts.append(f"reminder{reminder.number}|{event.event_key}")


def _add_send(
    piles: dict[str, _Pile], event: Candidate, decision: Decision, routing: Routing
) -> None:
    note, texts = "", routing.texts
    if decision.reason == NO_OWNER:
        note = texts("message.no_owner")
    if decision.reason == OWNER_ABSENT:
        note = texts("message.in_place", absent=routing.absence(event.owner_user_id))
    pile = piles[decision.recipient]
    pile.alerts.append((event, note))
    pile.parts.append(f"alert|{event.event_key}")
    pile.event_keys.append(event.event_key)
    for recipient in decision.copies:
        copy = piles[recipient]
        copy.alerts.append((event, texts("message.copy")))
        copy.parts.append(f"copy|{event.event_key}")


def _add_digest(
    piles: dict[str, _Pile], waiting: Sequence[Candidate], run: RunContext, routing: Routing
) -> None:
    for event in waiting:
        pile = piles[routing.route(event).recipient]
        pile.digest.append(event)
        pile.parts.append(f"digest|{event.event_key}")
        pile.event_keys.append(event.event_key)


def _add_lines(
    piles: dict[str, _Pile],
    lines: Sequence[DigestLine],
    by_key: Mapping[str, Candidate],
    entries: Mapping[str, Entry],
    actions: Sequence[Action],
    run: RunContext,
    desk: Desk,
) -> None:
    for line in lines:
        event = by_key.get(line.event_key)
        if line.section == FOUND_LATE:
            keys = (event.event_key, event.account_id, event.unit_id) if event else ()
            if event is None or is_snoozed(keys, actions, run.wall_date):
                continue
            pile = piles[desk.routing.route(event).recipient]
            pile.found_late.append(event)
        else:
            pile = piles[desk.routing.still(line.recipient)]
            pile.changed.append((line.section, _past(entries[line.event_key], desk)))
        pile.parts.append(f"{line.section}|{line.event_key}|{line.id}")
        pile.line_ids.append(line.id)


def _message(recipient: str, pile: _Pile, run: RunContext, desk: Desk) -> Message:
    alerts = sorted(pile.alerts, key=lambda item: _worst_first(item[0]))
    blocks = tuple(_block(event, desk, note) for event, note in alerts[:MAX_ALERTS])
    mail = Mail(
        subject=_subject(alerts, pile, desk),
        footer=footer(run, desk.texts),
        blocks=blocks,
        more_count=max(0, len(alerts) - MAX_ALERTS),
        sections=tuple(_sections(pile, desk)),
        link=desk.links.more,
        texts=desk.texts,
    )
    return render(
        mail,
        recipient,
        pile.parts,
        is_urgent=recipient == desk.routing.data_engineers,
        event_keys=pile.event_keys,
        line_ids=pile.line_ids,
    )


def _subject(alerts: Sequence[tuple[Candidate, str]], pile: _Pile, desk: Desk) -> str:
    texts = desk.texts
    if alerts:
        first, more = alerts[0][0], len(alerts) - 1
        severity, title = severity_mark(first.severity, texts), _block(first, desk).title
        if more:
            return texts("subject.alert_more", severity=severity, title=title, count=more)
        return texts("subject.alert", severity=severity, title=title)
    items = len(pile.digest) + len(pile.found_late) + len(pile.changed)
    waiting = ""
    if pile.reminders:
        waiting = texts("subject.unanswered", count=len(pile.reminders))
    elif pile.escalations:
        waiting = texts("subject.nobody_answered", count=len(pile.escalations))
    if items:
        digest = texts("subject.digest", count=items)
        return texts.joined((digest, waiting), "clause")
    return texts("subject.reminder", waiting=waiting)


def severity_mark(severity: str, texts: Texts) -> str:
    """Return a severity as it stands before a title: `HIGH`."""
    return texts.word("severity", severity).upper()


def _sections(pile: _Pile, desk: Desk) -> list[Section]:
    named: dict[str, list[str]] = {}
    texts = desk.texts
    for event, number in sorted(pile.reminders, key=lambda item: _worst_first(item[0])):
        said = texts("message.reminder", line=_line(event, desk), number=number)
        named.setdefault(texts("section.reminders"), []).append(said)
    for event in sorted(pile.escalations, key=_worst_first):
        owner = one_line(desk.routing.name(event.owner_user_id))
        said = texts("message.unanswered", line=_line(event, desk), owner=owner)
        named.setdefault(texts("section.escalated"), []).append(said)
    for severity in SEVERITIES:
        for event in sorted(pile.digest, key=_worst_first):
            if event.severity == severity:
                title = texts.word("severity", severity).capitalize()
                named.setdefault(title, []).append(_line(event, desk))
    for event in sorted(pile.found_late, key=_worst_first):
        named.setdefault(texts("section.found_late"), []).append(_line(event, desk))
    for section, text in pile.changed:
        named.setdefault(texts.word("section", section), []).append(text)
    return [Section(title, tuple(all_[:MAX_LINES]), len(all_)) for title, all_ in named.items()]


def _block(event: Candidate, desk: Desk, note: str = "") -> Block:
    account = event.account_id or event.unit_id
    return build_block(
        event,
        name=desk.account_names.get(account) or desk.routing.name(account),
        owner=one_line(desk.routing.name(event.owner_user_id)),
        currency=desk.currency,
        links=desk.links,
        note=note,
        plot=desk.plots.get(event.event_key),
        texts=desk.texts,
    )


def _line(event: Candidate, desk: Desk) -> str:
    block, texts = _block(event, desk), desk.texts
    account = wording.unit(event.account_id or event.unit_id, texts)
    reason, in_place = desk.routing.route(event).reason, None
    if reason == NO_OWNER:
        in_place = texts("message.no_owner_now")
    if reason == OWNER_ABSENT:
        absent = one_line(desk.routing.absence(event.owner_user_id))
        in_place = texts("message.in_place_of", absent=absent)
    line = texts("message.line", title=block.title, account=account, day=event.effective_date)
    return texts.joined((line, block.headline, in_place), "clause")


def _past(entry: Entry, desk: Desk) -> str:
    texts, account = desk.texts, entry.account_id or entry.unit_id
    name = desk.account_names.get(account) or desk.routing.name(account)
    title = past_title(entry, name, texts)
    day = entry.effective_date
    line = texts("message.line", title=title, account=wording.unit(account, texts), day=day)
    told = texts("message.told", day=entry.told_on) if entry.told_on else None
    return texts.joined((line, told), "clause")


def _worst_first(event: Candidate) -> tuple[int, object, str]:
    stake: object = -event.at_stake_amount if event.at_stake_amount is not None else 0
    return severity_rank(event.severity), stake, event.event_key


def footer(run: RunContext, texts: Texts) -> str:
    """Return the last line of a message: how old its figures are."""
    return texts("message.footer", day=run.as_of_date)


def digest_monday(wall_date: date) -> date:
    """Return the Monday of the week of `wall_date`."""
    return date.fromordinal(wall_date.toordinal() - wall_date.weekday())
