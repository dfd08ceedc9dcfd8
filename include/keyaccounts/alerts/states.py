"""Whether the state that an alert tells of has ended by the day of the publication.

Where it has, nobody has to be told of it or reminded any more. What is no state, as a drop, a
promise or a lost stage, is a fact of its day and never ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATE_COLUMNS = ("credit_status", "lifecycle_state", "is_contact_overdue", "is_single_threaded")


@dataclass(frozen=True)
class State:
    """How an account stands, of the mart `accounts`; null where it is not known."""

    credit_status: str | None
    lifecycle_state: str | None
    is_contact_overdue: bool | None
    is_single_threaded: bool | None


def has_ended(alert_type: str, state: State | None, payload: Mapping[str, Any]) -> bool:
    """Tell whether it is known that the state has ended."""
    if alert_type == "overdue_90_enter":
        return "overdue_90_plus_amount" in payload and not payload["overdue_90_plus_amount"]
    if state is None:
        return False
    if alert_type == "credit_hold":
        return state.credit_status not in ("hold", None)
    if alert_type == "credit_watch":
        return state.credit_status not in ("watch", "hold", None)
    if alert_type == "churn_state_enter":
        return state.lifecycle_state == "active"
    if alert_type == "contact_overdue":
        return state.is_contact_overdue is False
    if alert_type == "single_threaded_enter":
        return state.is_single_threaded is False
    return False
