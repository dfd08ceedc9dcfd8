"""What people answer: snooze, acknowledge, resolve, accept, comment."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from keyaccounts.alerts import schema
from keyaccounts.alerts.errors import ActionRefusedError
from keyaccounts.alerts.ledger import Ledger
from keyaccounts.settings import Settings

ACTIONS = ("snooze", "acknowledge", "resolve", "accept", "comment")
REASONED = {"snooze", "accept", "comment"}
MAX_SNOOZE = timedelta(days=90)


def record_action(
    settings: Settings,
    *,
    key_or_account: str,
    action: str,
    actor: str,
    at: datetime,
    until: date | None = None,
    reason: str | None = None,
) -> None:
    """Write one answer into the ledger.

    A snooze takes an event key or an account id, a last day (inclusive, at most 90 days after
    `at` in the business time zone) and a reason; the other actions take the key of an event that
    the ledger knows. Accept and comment need a reason. Raises ActionRefusedError.
    """
    if action not in ACTIONS:
        raise ActionRefusedError(f"action {action!r} is not one of {', '.join(ACTIONS)}")
    if not actor.strip():
        raise ActionRefusedError(f"{action}: who does it? the actor is empty")
    if action in REASONED and not (reason or "").strip():
        raise ActionRefusedError(f"{action} of {key_or_account} needs a reason")
    if action == "snooze":
        _check_snooze(key_or_account, until, at.astimezone(ZoneInfo(settings.timezone)).date())
    elif until is not None:
        raise ActionRefusedError(f"{action} takes no last day, only a snooze does")
    with closing(Ledger(settings.ledger)) as ledger, ledger.transaction() as connection:
        is_account_snooze = action == "snooze" and "|" not in key_or_account
        query = select(schema.events.c.event_key).where(schema.events.c.event_key == key_or_account)
        if not is_account_snooze and connection.execute(query).first() is None:
            raise ActionRefusedError(f"{action}: the ledger knows no event {key_or_account!r}")
        connection.execute(
            schema.actions.insert().values(
                target=key_or_account,
                action=action,
                actor=actor,
                at=at,
                until_date=until,
                reason=reason,
            )
        )


def _check_snooze(target: str, until: date | None, today: date) -> None:
    if until is None:
        raise ActionRefusedError(f"snooze of {target} needs a last day")
    if until < today:
        raise ActionRefusedError(f"snooze of {target} until {until} has already passed")
    if until > today + MAX_SNOOZE:
        raise ActionRefusedError(
            f"snooze of {target} until {until} is longer than {MAX_SNOOZE.days} days"
        )
