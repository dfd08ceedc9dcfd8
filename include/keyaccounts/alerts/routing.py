"""Who gets an alert: the owner at send time, a manager, finance control or data engineers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from keyaccounts.alerts.model import DATA_ENGINEERING, FINANCE_CONTROL, Candidate
from keyaccounts.texts import ENGLISH, Texts

ADDRESS = re.compile(r"[^@\s<>\"',;:()\[\]\\]+@[^@\s<>\"',;:()\[\]\\]+", re.ASCII)
OWNED_UNITS = frozenset({"tier_unit", "account", "customer", "owner"})
NO_OWNER = "no_owner"
OWNER_ABSENT = "owner_absent"
DEPARTURES = frozenset({"owner_left", "mass_departure"})
"""Alerts of owners who left: for their managers, who must name others."""


@dataclass(frozen=True)
class User:
    """One of our own people, from the newest landed `crm_users`."""

    user_id: str
    name: str
    email: str | None
    manager_user_id: str | None
    is_active: bool
    deputy_user_id: str | None = None
    is_absent: bool = False
    absent_until: date | None = None
    """Last day of the absence, where one is stated."""


@dataclass(frozen=True)
class Route:
    """Where one alert goes."""

    recipient: str
    reason: str = ""
    """`no_owner` when the fallback manager stands in, `owner_absent` for a deputy, else empty."""
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Routing:
    """The people and the standing addresses of a run.

    A recipient is a user id, an e-mail address, or, when nothing is configured, the bare role
    (`fallback_manager`, `finance_control`, `data_engineers`), which only the outbox can serve.
    """

    users: Mapping[str, User] = field(default_factory=dict)
    fallback_manager: str = "fallback_manager"
    finance_control: str = "finance_control"
    data_engineers: str = "data_engineers"
    texts: Texts = ENGLISH
    """In which people are named who have no name."""

    def route(self, event: Candidate) -> Route:
        """Return the recipient of `event`, and the manager as a copy when it is critical.

        Without an owner, or with one who is inactive or not among the users, the fallback
        manager gets it with reason `no_owner`. An owner who is absent is stood in for by the
        deputy, else by the manager, else by the fallback manager, with reason `owner_absent`.
        Finance control and data engineering never share with the owner. When no users are landed,
        nobody can be told to be inactive. What is to be done about an owner who left is told to
        the manager; with several, to each of theirs.
        """
        if event.audience == FINANCE_CONTROL:
            return Route(self.finance_control)
        if event.audience == DATA_ENGINEERING:
            return Route(self.data_engineers)
        if event.alert_type in DEPARTURES:
            return self._of_departure(event)
        owner = event.owner_user_id
        if owner is None and event.unit_type not in OWNED_UNITS:
            return Route(self.fallback_manager)
        recipient, reason = self._in_charge(owner)
        copies = self.managers(owner, recipient) if event.severity == "critical" else ()
        return Route(recipient, reason, copies)

    def _in_charge(self, owner: str | None) -> tuple[str, str]:
        if owner is None or not self.is_reachable(owner):
            return self.fallback_manager, NO_OWNER
        user = self.users.get(owner)
        if user is None or not user.is_absent:
            return owner, ""
        for stand_in in (user.deputy_user_id, user.manager_user_id):
            if stand_in and self.is_there(stand_in):
                return stand_in, OWNER_ABSENT
        return self.fallback_manager, OWNER_ABSENT

    def _of_departure(self, event: Candidate) -> Route:
        gone = [str(owner["owner_user_id"]) for owner in event.payload.get("owners") or ()]
        managers = [self.users[user].manager_user_id for user in gone if user in self.users]
        present = [m for m in dict.fromkeys(managers) if m and self.is_reachable(m)]
        if not present:
            return Route(self.fallback_manager)
        return Route(present[0], copies=tuple(present[1:]))

    def is_reachable(self, user_id: str) -> bool:
        """Return True when `user_id` is an active user, or when no users are known at all."""
        if not self.users:
            return True
        user = self.users.get(user_id)
        return user is not None and user.is_active

    def is_there(self, user_id: str) -> bool:
        """Return True when `user_id` is reachable and not absent."""
        user = self.users.get(user_id)
        return self.is_reachable(user_id) and not (user and user.is_absent)

    def still(self, recipient: str) -> str:
        """Return `recipient`, or the fallback manager when that user has left since.

        What finance control or data engineers were told stays with them.
        """
        if recipient in (self.finance_control, self.data_engineers):
            return recipient
        is_gone = recipient in self.users and not self.users[recipient].is_active
        return recipient if recipient and not is_gone else self.fallback_manager

    def address(self, recipient: str) -> str | None:
        """Return the e-mail address of a recipient, or None when there is no valid one."""
        user = self.users.get(recipient)
        text = (user.email or "") if user else recipient
        return text if ADDRESS.fullmatch(text) else None

    def name(self, user_id: str | None) -> str:
        """Return the name of a user, the id when unknown, `nobody` without an id."""
        if not user_id:
            return self.texts("word.nobody")
        user = self.users.get(user_id)
        return user.name if user else user_id

    def absence(self, user_id: str | None) -> str:
        """Return who is absent and until when, as a message says it."""
        user, name = self.users.get(user_id or ""), self.name(user_id)
        if user and user.absent_until:
            return self.texts("message.absent_until", name=name, day=user.absent_until)
        return self.texts("message.absent", name=name)

    def managers(self, owner: str | None, recipient: str) -> tuple[str, ...]:
        """Return the manager of an owner, unless that is who is told anyway, or cannot be."""
        user = self.users.get(owner or "")
        manager = user.manager_user_id if user else None
        if manager is None or manager == recipient or not self.is_reachable(manager):
            return ()
        return (manager,)


def users_from_rows(rows: Iterable[Mapping[str, Any]], on: date) -> dict[str, User]:
    """Return users by id from landed `crm_users`, as they are on a day.

    A deactivation up to day `on` counts, and an absence that the day falls into.
    """
    users = {}
    for row in rows:
        left = _as_date(row.get("deactivated_on"))
        is_active = row.get("is_active") is not False and (left is None or left > on)
        users[str(row["user_id"])] = User(
            user_id=str(row["user_id"]),
            name=str(row.get("user_name") or row["user_id"]),
            email=row.get("email"),
            manager_user_id=row.get("manager_user_id"),
            is_active=is_active,
            deputy_user_id=row.get("deputy_user_id"),
            is_absent=_is_absent(row, on),
            absent_until=_as_date(row.get("absent_until")),
        )
    return users


def _is_absent(row: Mapping[str, Any], on: date) -> bool:
    """Say whether a day falls into the stated absence; one without an end goes on."""
    start, end = _as_date(row.get("absent_from")), _as_date(row.get("absent_until"))
    return start is not None and start <= on and (end is None or end >= on)


def _as_date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value)[:10]) if value else None
