"""The step `notify`: from the published events to messages, by way of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
from sqlalchemy import Connection

from keyaccounts.alerts.channels import OUTBOX, Channel, takers
from keyaccounts.alerts.decide import decide
from keyaccounts.alerts.delivery import deliver
from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.holds import find_holds
from keyaccounts.alerts.ledger import GO_LIVE, LAST_DIGEST, Ledger, LedgerState, waiting_lines
from keyaccounts.alerts.links import links_of
from keyaccounts.alerts.messages import Desk, compose, digest_monday, shown_whole
from keyaccounts.alerts.model import Candidate, Hold, Message, Outcome, RunContext
from keyaccounts.alerts.notices import hold_notices
from keyaccounts.alerts.plots import Plot, draw_plots
from keyaccounts.alerts.posting import (
    Log,
    deliver_pending,
    local_date,
    make_post,
    tell_data_engineers,
)
from keyaccounts.alerts.publication import Publication, read_publication
from keyaccounts.alerts.recording import (
    put_setting,
    record_decisions,
    record_holds,
    record_messages,
)
from keyaccounts.alerts.routing import NO_OWNER, Routing
from keyaccounts.settings import Run, Settings

__all__ = ["deliver_pending", "notify", "tell_data_engineers"]


def notify(
    settings: Settings,
    run: Run,
    *,
    send: bool = True,
    release_holds: bool = False,
    channels: Sequence[Channel] | None = None,
    log: Log = print,
) -> dict[str, object]:
    """Decide on the events of the current publication and deliver what is due.

    With `send=False` new events are baselined and nothing leaves. `release_holds` lets held
    alerts go. `channels` take the place of the mail server in the settings; the outbox is always
    written. D is that of the publication. Returns counts and lists for the run manifest. Raises
    PublicationUnreadableError, LedgerError, RunInProgressError and ConfigurationError.
    """
    post = make_post(settings, run.wall_time, channels)
    publication = read_publication(settings.published)
    if publication.as_of_date != run.as_of_date:
        log(f"publication is of {publication.as_of_date}, not of {run.as_of_date}: it decides")
    run_id = f"{publication.as_of_date}@{run.wall_time.astimezone(UTC).isoformat()}"
    with closing(Ledger(settings.ledger)) as ledger, ledger.writer(f"run {run_id}"):
        state = ledger.state()
        context = _context(settings, publication, state, run.wall_time, send=send)
        found = find_holds(
            publication.candidates,
            state.entries,
            publication.a_units_by_month_end,
            publication.failed_checks,
            publication.closed_month,
            context,
            state.released,
        )
        if send and not release_holds:
            context = replace(context, holds=found)
        outcome = decide(
            publication.candidates, state.entries, state.actions, context, post.routing
        )
        desk = Desk(
            post.routing,
            publication.account_names,
            publication.base_currency,
            links_of(settings),
            _plots(publication, outcome, post.routing, log),
        )
        with ledger.transaction() as connection:
            record_decisions(
                connection, run_id, context, state.entries, publication.candidates, outcome
            )
            messages = _messages(connection, publication.candidates, state, context, outcome, desk)
            if send and not context.is_earlier:
                messages += _keep_holds(
                    connection, found, state, context, outcome, desk, is_released=release_holds
                )
            written = record_messages(
                connection,
                messages,
                lambda recipient: [OUTBOX, *takers(post.channels, recipient)],
                context.as_of_date,
                context.wall_date,
                context.wall_time,
            )
        delivered = (
            deliver(ledger, post, run.wall_time, log)
            if send
            else {"sent": 0, "waiting": 0, "failed": 0}
        )
    return _summary(publication, outcome, context, written, delivered, log)


def _plots(
    publication: Publication, outcome: Outcome, routing: Routing, log: Log
) -> Mapping[str, Plot]:
    """Draw before the ledger is written to; a message without its plots says all that matters."""
    shown = shown_whole(publication.candidates, outcome)
    try:
        return draw_plots(publication.folder, shown, publication.base_currency, routing.texts)
    except (duckdb.Error, OSError, ValueError) as error:
        log(f"messages go without plots: {one_line(error)}")
        return {}


def _context(
    settings: Settings,
    publication: Publication,
    state: LedgerState,
    wall_time: datetime,
    *,
    send: bool,
) -> RunContext:
    return RunContext(
        as_of_date=publication.as_of_date,
        range_from=publication.month_ends_from,
        wall_time=wall_time,
        wall_date=local_date(wall_time, settings),
        go_live_date=settings.go_live_date or state.go_live_date or publication.as_of_date,
        newest_as_of_date=state.newest_as_of_date,
        send=send,
    )


def _messages(
    connection: Connection,
    candidates: Sequence[Candidate],
    state: LedgerState,
    context: RunContext,
    outcome: Outcome,
    desk: Desk,
) -> list[Message]:
    """The digest is due once a week, on Monday or at the first run after a missed one."""
    monday = digest_monday(context.wall_date)
    last = state.last_digest_monday
    is_open_week = last < monday if last else context.wall_date == monday
    may_tell = context.send and not context.is_earlier and not context.holds
    if may_tell and (last is None or is_open_week):
        put_setting(connection, LAST_DIGEST, monday.isoformat())
    if context.send:
        put_setting(connection, GO_LIVE, context.go_live_date.isoformat())
    return compose(
        candidates,
        state.entries,
        state.actions,
        outcome,
        waiting_lines(connection),
        context,
        desk,
        is_digest_due=may_tell and is_open_week,
    )


def _keep_holds(
    connection: Connection,
    found: Sequence[Hold],
    state: LedgerState,
    context: RunContext,
    outcome: Outcome,
    desk: Desk,
    *,
    is_released: bool,
) -> list[Message]:
    """Write holds down; a hold is told once, when it opens."""
    record_holds(
        connection,
        found,
        context.wall_time,
        is_released=is_released,
        open_holds=state.open_holds,
    )
    opened = [hold for hold in context.holds if (hold.reason, hold.scope) not in state.open_holds]
    held = sum(decision.decision == "hold" for decision in outcome.decisions)
    return hold_notices(opened, held, context, desk)


def _summary(
    publication: Publication,
    outcome: Outcome,
    context: RunContext,
    written: int,
    delivered: dict[str, int],
    log: Log,
) -> dict[str, object]:
    by_decision = Counter(decision.decision for decision in outcome.decisions)
    by_reason = Counter(decision.reason for decision in outcome.decisions if decision.reason)
    no_owner = by_reason[NO_OWNER]
    for hold in context.holds:
        log(f"on hold, {hold.reason}: {hold.detail}")
    log(
        f"alerts of {publication.as_of_date}: {len(publication.candidates)} events; "
        + ", ".join(f"{name} {count}" for name, count in sorted(by_decision.items()))
        + f"; {written} messages written, {delivered['sent']} deliveries done, "
        + f"{delivered['waiting']} waiting, {delivered['failed']} failed"
    )
    return {
        "version": publication.version,
        "as_of_date": publication.as_of_date.isoformat(),
        "events": len(publication.candidates),
        "decisions": dict(sorted(by_decision.items())),
        "reasons": dict(sorted(by_reason.items())),
        "reminders": sum(not reminder.is_escalation for reminder in outcome.reminders),
        "messages_written": written,
        "deliveries": delivered,
        "no_owner": no_owner,
        "holds": [f"{hold.reason}: {hold.detail}" for hold in context.holds],
    }
