"""What a form says, as an answer in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.datastructures import FormData

from keyaccounts.alerts.errors import ActionRefusedError
from keyaccounts.alerts.inbox import answer, read_inbox, snooze_account
from keyaccounts.nightly import parse_date
from keyaccounts.settings import Settings

CHOICES = {
    "acknowledge": ("Acknowledge", "I have read it: no more reminders"),
    "snooze": ("Snooze", "not now: quiet until a day, at most 90 days ahead; says why"),
    "resolve": ("Resolve", "done: the matter is settled"),
    "accept": ("Accept", "it is so, and nothing will be done; says why"),
    "comment": ("Comment", "a word for whoever reads it next"),
}
DONE = {
    "acknowledge": "acknowledged",
    "snooze": "snoozed",
    "resolve": "resolved",
    "accept": "accepted",
    "comment": "commented",
}


FIELDS = ("action", "until", "reason", "whole")


def said_in(form: FormData) -> dict[str, str]:
    """Return the fields of a form, so that a refused one can be shown again."""
    return {key: str(form.get(key) or "").strip() for key in FIELDS}


def give_answer(
    settings: Settings, chosen: Sequence[str], form: FormData, actor: str, at: datetime
) -> str:
    """Record the answer and return `<what was done>-<how often>`.

    Raises ActionRefusedError and ConfigurationError, which say what to mend.
    """
    said = said_in(form)
    action = said["action"]
    if action not in CHOICES:
        raise ActionRefusedError("choose what to do: acknowledge, snooze, resolve, …")
    if not chosen:
        raise ActionRefusedError("tick the alerts that this answers")
    if action == "snooze" and not said["until"]:
        raise ActionRefusedError("snooze until when? choose the last quiet day")
    until = parse_date(said["until"]) if action == "snooze" else None
    if action == "snooze" and said["whole"]:
        item = read_inbox(settings, at).find(chosen[0])
        snooze_account(
            settings, item.unit, actor=actor, at=at, until=parse_date(said["until"]),
            reason=said["reason"],
        )  # fmt: skip
        return "quiet-1"
    done = answer(
        settings, chosen, action, actor=actor, at=at, until=until, reason=said["reason"] or None
    )
    return f"{DONE[action]}-{len(done)}"
