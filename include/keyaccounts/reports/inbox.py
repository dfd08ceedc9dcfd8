"""Alerts as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from keyaccounts.alerts.inbox import Item
from keyaccounts.alerts.model import STALE
from keyaccounts.alerts.rendering import Mail, render
from keyaccounts.texts import ENGLISH, Texts


def item_lines(items: Sequence[Item], limit: int) -> Iterator[str]:
    """Yield two lines for each alert, at most `limit` of them, and how many there are."""
    for item in items[:limit]:
        entry = item.entry
        size = f", {item.block.headline}" if item.block and item.block.headline else ""
        yield f"{item.alert_id}  {entry.severity:<8}  {item.title} ({item.unit}){size}"
        late = "found late" if entry.state == STALE else "not told yet"
        told = f"told on {entry.told_on}" if entry.told_on else late
        last = item.answers[-1] if item.answers else None
        said = f" ({last.reason})" if last and last.reason else ""
        yield (
            f"{'':10}{item.owner_name}, effective {entry.effective_date}, {told}, "
            f"{status_text(item)}{said}"
        )
    if len(items) > limit:
        yield f"and {len(items) - limit} more: --rows {len(items)}"
    counts = Counter(item.status for item in items)
    yield ", ".join(f"{count} {status}" for status, count in counts.most_common()) or "no alert"


def show_lines(
    item: Item,
    told: Sequence[tuple[datetime, str, str, str]],
    as_of_date: date | None,
    timezone: str,
) -> Iterator[str]:
    """Yield an alert as its message said it, its status, and what happened to it."""
    if item.block:
        mail = Mail(item.title, f"Figures as of the end of {as_of_date}.", blocks=(item.block,))
        yield from render(mail, item.entry.recipient, ()).text.rstrip().splitlines()
    else:
        yield f"[{item.entry.severity.upper()}] {item.title} ({item.unit})"
        yield f"Effective {item.entry.effective_date}. The publication of today does not hold it."
    yield ""
    yield f"Alert {item.alert_id}: {status_text(item)}"
    for at, what, who, why in told:
        day = at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")
        yield f"  {day}  {told_text(what, who, why)}"


def answer_line(item: Item, action: str) -> str:
    """Return what an answer has done."""
    done = "comment added" if action == "comment" else status_text(item)
    return f"{item.alert_id}  {done}: {item.title} ({item.unit})"


def item_facts(item: Item) -> dict[str, Any]:
    """Return an alert as plain values, for a machine."""
    entry = item.entry
    return {
        "alert_id": item.alert_id,
        "status": item.status,
        "snoozed_until": item.until,
        "superseded_by": item.newer_id or None,
        "title": item.title,
        "headline": item.block.headline if item.block else None,
        "next_step": item.block.next_step if item.block else None,
        "account_id": entry.account_id,
        "account_name": item.account_name,
        "unit_id": entry.unit_id,
        "owner_user_id": item.owner_user_id,
        "recipient": entry.recipient,
        "alert_type": entry.alert_type,
        "severity": entry.severity,
        "effective_date": entry.effective_date,
        "told_on": entry.told_on,
        "event_key": entry.event_key,
        "answers": [
            {"at": a.at, "action": a.action, "actor": a.actor, "until_date": a.until_date,
             "reason": a.reason}
            for a in item.answers
        ],
    }  # fmt: skip


def status_text(item: Item, texts: Texts = ENGLISH) -> str:
    """Return how an alert stands."""
    status = texts.word("status", item.status)
    if item.newer_id:
        return texts("inbox.newer", status=status, alert=item.newer_id)
    return texts("inbox.until", status=status, day=item.until) if item.until else status


def told_text(what: str, who: str, why: str, texts: Texts = ENGLISH) -> str:
    """Return one line of an alert's history."""
    who = who or texts("word.nobody")
    said = texts.word("told_why", why) or texts("inbox.no_reason")
    if texts.text("told", what):
        return texts.word("told", what).format(who=who, why=said)
    action, _, until = what.partition(" until ")
    done = texts.word("action", action)
    if until:
        done = texts("inbox.until", status=done, day=date.fromisoformat(until))
    by = texts("inbox.by", action=done, who=who)
    return texts("inbox.by_why", by=by, why=why) if why else by
