"""What alerts are about, and which of them a newer one about the same has overtaken.

An account that enters, leaves and enters again is one matter: its newest turn is what waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

WATCH = "tier_watch"
TOPICS = {
    "tier_drop": "tier",
    "tier_lapsed": "tier",
    "tier_rise": "tier",
    "tier_reactivated": "tier",
    WATCH: "tier",
    "payment_trap_enter": "trap",
    "payment_trap_exit": "trap",
    "overdue_90_enter": "overdue",
    "credit_watch": "credit",
    "credit_hold": "credit",
    "churn_state_enter": "lifecycle",
    "won_back": "lifecycle",
    "candidate_enter": "candidate",
    "candidate_exit": "candidate",
    "single_threaded_enter": "threads",
    "contact_overdue": "contact",
    "neglected_a": "neglect",
}
"""Alerts that a state of their unit began. Each of the others is a matter of its own."""


class Turn(Protocol):
    """An event, from the publication or from the ledger."""

    @property
    def event_key(self) -> str: ...
    @property
    def alert_type(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def effective_date(self) -> date: ...


def superseded(turns: Iterable[Turn]) -> dict[str, str]:
    """Return the events that a later one about the same unit and topic has overtaken, and which.

    Both by their keys. A watch says what may come, so it overtakes earlier watches alone.
    """
    newest: dict[tuple[str, ...], tuple[date, str]] = {}
    known = [turn for turn in turns if turn.alert_type in TOPICS]
    for turn in known:
        place, said = _place(turn), (turn.effective_date, turn.event_key)
        newest[place] = max(said, newest.get(place, said))
    past = {}
    for turn in known:
        day, key = max(newest[place] for place in _overtakers(turn) if place in newest)
        if day > turn.effective_date:
            past[turn.event_key] = key
    return past


def _place(turn: Turn) -> tuple[str, ...]:
    topic = WATCH if turn.alert_type == WATCH else TOPICS[turn.alert_type]
    return topic, turn.unit_id


def _overtakers(turn: Turn) -> set[tuple[str, ...]]:
    return {_place(turn), (TOPICS[turn.alert_type], turn.unit_id)}
