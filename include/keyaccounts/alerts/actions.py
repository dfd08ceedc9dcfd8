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
from keyaccounts.texts import Code

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
        raise ActionRefusedError("refusal.no_action", action=action, actions=", ".join(ACTIONS))
    if not actor.strip():
        raise ActionRefusedError("refusal.no_actor", action=Code("action", action))
    if action in REASONED and not (reason or "").strip():
        raise ActionRefusedError(
            "refusal.no_reason", action=Code("action", action), target=key_or_account
        )
    if action == "snooze":
        _check_snooze(key_or_account, until, at.astimezone(ZoneInfo(settings.timezone)).date())
    elif until is not None:
        raise ActionRefusedError("refusal.no_snooze", action=Code("action", action))
    with closing(Ledger(settings.ledger)) as ledger, ledger.transaction() as connection:
        is_account_snooze = action == "snooze" and "|" not in key_or_account
        query = select(schema.events.c.event_key).where(schema.events.c.event_key == key_or_account)
        if not is_account_snooze and connection.execute(query).first() is None:
            raise ActionRefusedError(
                "refusal.no_event", action=Code("action", action), target=key_or_account
            )
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
        raise ActionRefusedError("refusal.no_last_day", target=target)
    if until < today:
        raise ActionRefusedError("refusal.passed", target=target, until=until)
    if until > today + MAX_SNOOZE:
        raise ActionRefusedError(
            "refusal.too_long", target=target, until=until, days=MAX_SNOOZE.days
        )
