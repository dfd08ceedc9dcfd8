"""What a form says, as an answer in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from starlette.datastructures import FormData

from keyaccounts.alerts.errors import ActionRefusedError
from keyaccounts.alerts.inbox import answer, read_inbox, snooze_account
from keyaccounts.errors import ConfigurationError
from keyaccounts.nightly import parse_date
from keyaccounts.settings import Settings
from keyaccounts.texts import Texts

CHOICES = ("acknowledge", "snooze", "resolve", "accept", "comment")
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
    settings: Settings,
    chosen: Sequence[str],
    form: FormData,
    actor: str,
    at: datetime,
    texts: Texts,
) -> str:
    """Record the answer and return `<what was done>-<how often>`.

    Raises ActionRefusedError, which says what to mend.
    """
    said = said_in(form)
    action = said["action"]
    if action not in CHOICES:
        raise ActionRefusedError("refusal.no_choice")
    if not chosen:
        raise ActionRefusedError("refusal.no_tick")
    if action == "snooze" and not said["until"]:
        raise ActionRefusedError("refusal.until_when")
    until = _day(said["until"]) if action == "snooze" else None
    if until and said["whole"]:
        item = read_inbox(settings, at).find(chosen[0])
        snooze_account(
            settings, item.unit, actor=actor, at=at, until=until,
            reason=said["reason"],
        )  # fmt: skip
        return "quiet-1"
    done = answer(
        settings, chosen, action, actor=actor, at=at, until=until, reason=said["reason"] or None,
        texts=texts,
    )  # fmt: skip
    return f"{DONE[action]}-{len(done)}"


def _day(text: str) -> date:
    try:
        return parse_date(text)
    except ConfigurationError as error:
        raise ActionRefusedError("refusal.no_date", text=text) from error
