"""Contacts, cases and owners of an account, recomputed from the rows (`marts.yml`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tests.properties.basics import business_day
from tests.properties.checks_profiles import compared
from tests.properties.crowd import Case
from tests.properties.harness import Row
from tests.properties.relationships import AUTOMATIC

LIMITS = {"A": 30, "B": 60, "C": 180}


def contacts_are_recomputed(case: Case) -> Iterator[str]:
    """Contacts, activities, cases and owners as of the as-of date."""
    rows, end, books = case.inputs.rows, case.books.end, case.books
    active = [r for r in rows.get("crm_contacts", []) if r["is_active"] in {None, True}]
    users = {r["user_id"]: r for r in rows.get("crm_users", [])}
    tiers = {r["account_id"]: r["tier"] for r in case.mart("accounts")}
    identity, expected = books.identity(end), {}
    for account in books.versions:
        activities = [
            (
                business_day(r["activity_at"]),
                r["is_two_way"] and (r.get("channel") or "").lower() not in AUTOMATIC,
            )
            for r in rows.get("crm_activities", [])
            if r["account_id"] == account and business_day(r["activity_at"]) <= end
        ]
        talks = [day for day, is_two_way in activities if is_two_way]
        since = (end - max(talks)).days if talks else None
        limit = LIMITS.get(tiers.get(account))
        late = limit is not None and identity.customer[account] == account and (
            since is None or since > limit
        ) and "crm_activities" in rows  # fmt: skip
        first = books.purchases.get(account, [None])[0]
        met = min((day for day, _ in activities), default=None)
        is_open = any(
            r["account_id"] == account and r["severity"] == 1
            and r["case_type"] in {"complaint", "dispute"}
            and business_day(r["opened_at"]) <= end
            and (r["resolved_at"] is None or business_day(r["resolved_at"]) > end)
            for r in rows.get("crm_service_cases", [])
        )  # fmt: skip
        expected[account] = (
            since, limit, late,
            (first - met).days if first and met and met <= first else None, is_open,
            any(r["account_id"] == account and r["department"] == "finance" for r in active),
            is_active(users.get(books.at(account, end)["owner_user_id"]), end),
            users.get(books.at(account, end)["owner_user_id"], {}).get("user_name"),
            books.at(account, end)["account_name"],
        )  # fmt: skip
    yield from compared(
        case, expected, "since_two_way_contact_days", "contact_limit_days", "is_contact_overdue",
        "first_contact_to_order_days", "has_open_severe_conflict", "has_finance_contact",
        "has_active_owner", "owner_name", "account_name",
    )  # fmt: skip


def is_active(user: Row | None, end: date) -> bool:
    if user is None:
        return False
    if user["deactivated_on"] is not None:
        return bool(user["deactivated_on"] > end)
    return user["is_active"] in {None, True}


CHECKS = (contacts_are_recomputed,)
