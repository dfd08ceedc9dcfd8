"""Decide, without side effects, what happens to each candidate event of a run.

The rules are items 1 to 11 of section 4 of the semantics and rulings 2, 22, 23 and 24. Order of
the tests for one event: what the ledger settled before; baseline; staleness, judged once when
the event is first seen; a person's answer; a hold; a run for an earlier day; a snooze; the end of
what it tells of; delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from keyaccounts.alerts.model import (
    BASELINE,
    CLOSED,
    DEFERRED,
    HELD,
    PENDING,
    QUEUED,
    RECORDED,
    RETRACTED,
    SENT,
    STALE,
    TOLD_STATES,
    Action,
    Candidate,
    Decision,
    Entry,
    Outcome,
    Reminder,
    RunContext,
    is_business,
    is_shared,
    keys_of,
)
from keyaccounts.alerts.routing import Routing
from keyaccounts.alerts.topics import superseded

MAX_ALERT_AGE = timedelta(days=7)
REMINDER_DAYS = (3, 7)
SETTLED_REASONS = {
    SENT: "already_sent",
    PENDING: "already_sent",
    BASELINE: "baseline",
    STALE: "stale_effective_date",
    RECORDED: "no_delivery",
    CLOSED: "closed_by_user",
}


def decide(
    candidates: Sequence[Candidate],
    entries: Mapping[str, Entry],
    actions: Sequence[Action],
    run: RunContext,
    routing: Routing,
) -> Outcome:
    """Return one decision per candidate, one per retracted key, and the reminders that are due.

    Decisions are ordered by event key; `entries` is the ledger before this run. A key gets at
    most one `send` for ever, and a run for an earlier day than the newest one gets none.
    """
    known_actions = [action for action in actions if action.at <= run.wall_time]
    decisions = [
        _decide_one(event, entries.get(event.event_key), known_actions, run, routing)
        for event in candidates
    ]
    decisions += _retractions(candidates, entries, run, routing)
    return Outcome(
        tuple(sorted(decisions, key=lambda decision: decision.event_key)),
        tuple(_reminders(candidates, entries, known_actions, run, routing)),
    )


def is_snoozed(keys: Iterable[str | None], actions: Iterable[Action], on: date) -> bool:
    """Return True when the newest snooze of one of `keys` reaches to day `on` or later."""
    return snoozed_until(keys, actions, on) is not None


def snoozed_until(keys: Iterable[str | None], actions: Iterable[Action], on: date) -> date | None:
    """Return the last day of the newest snoozes of `keys` that reach to day `on`, else None."""
    newest: dict[str, Action] = {}
    for action in sorted(actions, key=lambda action: action.at):
        if action.action == "snooze":
            newest[action.target] = action
    found = (newest[key].until_date for key in keys if key in newest)
    return max((until for until in found if until and until >= on), default=None)


def _decide_one(
    event: Candidate,
    entry: Entry | None,
    actions: Sequence[Action],
    run: RunContext,
    routing: Routing,
) -> Decision:
    def answer(
        decision: str, reason: str, state: str, channel: str = "", recipient: str = ""
    ) -> Decision:
        return Decision(event.event_key, decision, channel, recipient, reason, state)

    if entry is not None and entry.state == RETRACTED:
        if run.send and not _held(event.audience, run):
            recipient = routing.still(entry.recipient)
            return answer("reinstate", "true_again", SENT, "digest", recipient)
        return answer("suppress", "retracted", RETRACTED)
    if entry is not None and entry.state in SETTLED_REASONS:
        return answer("suppress", SETTLED_REASONS[entry.state], entry.state)
    if entry is None:
        settled = _first_judgement(event, run)
        if settled is not None:
            return answer(*settled)
    elif not run.send:
        return answer("suppress", "notify_off", entry.state)
    if _has_answer(event, actions, {"resolve", "accept"}):
        return answer("suppress", SETTLED_REASONS[CLOSED], CLOSED)
    if _held(event.audience, run):
        return answer("hold", run.holds[0].reason, HELD)
    if run.is_earlier:
        return answer("defer", "earlier_as_of_date", entry.state if entry else DEFERRED)
    if is_snoozed((event.event_key, event.account_id, event.unit_id), actions, run.wall_date):
        return answer("defer", "snoozed", DEFERRED)
    if event.has_ended:
        return answer("defer", "ended", DEFERRED)
    if event.delivery == "digest" and entry is not None and entry.state == QUEUED:
        return answer("suppress", "queued_for_digest", QUEUED)
    route = routing.route(event)
    if event.delivery == "digest":
        return answer("digest", route.reason, QUEUED, "digest", route.recipient)
    return Decision(
        event.event_key,
        "send",
        "immediate",
        route.recipient,
        route.reason,
        PENDING,
        route.copies,
    )


def _first_judgement(event: Candidate, run: RunContext) -> tuple[str, str, str] | None:
    if not run.send:
        return "baseline", "notify_off", BASELINE
    if event.effective_date < run.go_live_date:
        return "baseline", "before_go_live", BASELINE
    if event.delivery == "none":
        return "suppress", SETTLED_REASONS[RECORDED], RECORDED
    if run.wall_date - event.effective_date > MAX_ALERT_AGE:
        return "suppress", SETTLED_REASONS[STALE], STALE
    return None


def _held(audience: str, run: RunContext) -> bool:
    return bool(run.holds) and is_business(audience)


def _has_answer(event: Candidate, actions: Iterable[Action], kinds: set[str]) -> bool:
    return any(action.target == event.event_key and action.action in kinds for action in actions)


def _retractions(
    candidates: Sequence[Candidate],
    entries: Mapping[str, Entry],
    run: RunContext,
    routing: Routing,
) -> list[Decision]:
    """Results of checks are facts of one day: those for data engineers are never retracted."""
    if not run.send or run.holds:
        return []
    present = keys_of(candidates)
    return [
        Decision(
            entry.event_key,
            "retract",
            "digest",
            routing.still(entry.recipient),
            "no_longer_true",
            RETRACTED,
        )
        for entry in entries.values()
        if entry.state in TOLD_STATES
        and entry.event_key not in present
        and is_business(entry.audience)
        and run.range_from <= entry.effective_date <= run.as_of_date
    ]


def _reminders(
    candidates: Sequence[Candidate],
    entries: Mapping[str, Entry],
    actions: Sequence[Action],
    run: RunContext,
    routing: Routing,
) -> list[Reminder]:
    """After 3 and 7 days, at most 2; a missed first one is not sent after the second.

    With the second one the owner's manager hears of it. What a newer event has overtaken, or has
    ended, is not told again.
    """
    if not run.send or run.is_earlier:
        return []
    due = []
    past = superseded(candidates)
    for event in sorted(candidates, key=lambda event: event.event_key):
        entry = entries.get(event.event_key)
        if entry is None or entry.state != SENT or entry.channel != "immediate":
            continue
        if entry.severity not in {"critical", "high"} or entry.told_on is None:
            continue
        if event.event_key in past or event.has_ended:
            continue
        waited = (run.wall_date - entry.told_on).days
        number = sum(waited >= days for days in REMINDER_DAYS)
        if (
            number <= entry.reminders_count
            or _held(event.audience, run)
            or _has_answer(event, actions, {"acknowledge", "resolve", "accept"})
            or is_snoozed(
                (event.event_key, event.account_id, event.unit_id), actions, run.wall_date
            )
        ):
            continue
        recipient = routing.route(event).recipient
        due.append(Reminder(event.event_key, recipient, number))
        if number == len(REMINDER_DAYS) and is_shared(event.audience):
            managers = routing.managers(event.owner_user_id, recipient)
            due += [Reminder(event.event_key, manager, number, True) for manager in managers]
    return due
