"""Messages about owners who left, to those who must name others; and about the base."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from .conftest import TUESDAY, USERS, Desk, event

GONE = {"user_id": "gone2", "user_name": "Also Gone", "email": "gone2@firm.test",
        "deactivated_on": date(2026, 4, 5), "manager_user_id": "am2"}  # fmt: skip
ACCOUNTS = [
    {"account_id": "ACC1", "account_name": "Blue River", "profit_at_risk_amount": 300.00,
     "tier": "A", "ttm_profit_amount": 300.00},
    {"account_id": "ACC2", "account_name": "Red Hill", "profit_at_risk_amount": 0.00,
     "tier": None, "ttm_profit_amount": None},
]  # fmt: skip
LEFT = {
    "accounts": ACCOUNTS, "accounts_count": 2, "base_currency": "CNY",
    "owners": [{"owner_name": "Gone", "owner_user_id": "gone"}], "owners_count": 1,
    "profit_at_risk_amount": 300.00, "single_threaded_count": 1, "team": "Team 01",
    "ttm_profit_amount": 300.00, "without_owner_count": 2,
}  # fmt: skip
BOTH = [*LEFT["owners"], {"owner_name": "Also Gone", "owner_user_id": "gone2"}]  # type: ignore[misc]
Users = Callable[[Sequence[dict[str, Any]]], None]


def left(**changes: Any) -> dict[str, Any]:
    """Return the event of an owner who left."""
    return event("gone", **{
        "alert_type": "owner_left", "unit_type": "owner", "account_id": None,
        "owner_user_id": None, "from_value": None, "to_value": None, "at_stake_amount": 300,
        "payload": json.dumps(LEFT),
    } | changes)  # fmt: skip


def team_left(**changes: Any) -> dict[str, Any]:
    """Return the event of a team that lost two owners."""
    payload = json.dumps(LEFT | {"owners": BOTH, "owners_count": 2})
    return left(**{
        "alert_type": "mass_departure", "unit_type": "team", "unit_id": "Team 01",
        "severity": "critical", "payload": payload,
    } | changes)  # fmt: skip


def test_the_manager_is_told_what_an_owner_left_behind(desk: Desk) -> None:
    desk.with_settings(fallback_manager="am2").night(TUESDAY, [left()])
    assert desk.decisions()[0][3:] == ("boss", "")
    text = desk.text()
    for part in (
        "[HIGH] Account manager Gone has left",
        "Account manager: Gone (gone)",
        "Team: Team 01",
        "Accounts left behind: 2, of which 2 have no owner now",
        "Profit exposed: CNY 300.00 at 1 that hung on single people, of CNY 300.00 in 12 months",
        "Look first at: Blue River (ACC1), tier A: CNY 300.00 profit, CNY 300.00 exposed; "
        "Red Hill (ACC2), tier not known: not known profit, CNY 0.00 exposed",
        "Name a new account manager for each account today",
    ):
        assert part in text
    assert {m["To"].addresses[0].addr_spec for m in desk.channel.sent} == {"boss@firm.test"}


def test_who_has_left_is_told_nothing(desk: Desk, users: Users) -> None:
    """Nor is a manager who is gone as well: then the fallback manager is."""
    users([u | {"manager_user_id": "gone2"} for u in USERS] + [GONE])
    desk.with_settings(fallback_manager="am1").night(TUESDAY, [left()])
    assert desk.decisions()[0][3:] == ("am1", "")
    assert {m["To"].addresses[0].addr_spec for m in desk.channel.sent} == {"li@firm.test"}


def test_an_owner_nobody_knows_is_told_to_the_fallback_manager(desk: Desk) -> None:
    unknown = [{"owner_name": "X", "owner_user_id": "never heard of"}]
    row = left(unit_id="never heard of", payload=json.dumps(LEFT | {"owners": unknown}))
    desk.with_settings(fallback_manager="am2").night(TUESDAY, [row])
    assert desk.decisions()[0][3:] == ("am2", "")


def test_every_manager_is_told_of_a_team_that_leaves(desk: Desk, users: Users) -> None:
    users([*USERS, GONE])
    desk.with_settings(fallback_manager="am1").night(TUESDAY, [team_left()])
    assert {m["To"].addresses[0].addr_spec for m in desk.channel.sent} == {
        "boss@firm.test", "ana@firm.test",
    }  # fmt: skip
    text = desk.text()
    for part in (
        "[CRITICAL] Several account managers of Team 01 have left",
        "Team: Team 01",
        "Who left: Gone (gone), Also Gone (gone2)",
        "Speak with the customers in person this week",
    ):
        assert part in text


def test_a_base_that_erodes_is_told_with_both_books(desk: Desk) -> None:
    payload = {
        "a_closing_amount": 194892512.78, "a_opening_amount": 172919455.19, "base_currency": "CNY",
        "base_grr": 0.895281, "base_opening_amount": 38059295.28,
        "base_retained_amount": 34073753.51, "former_base_grr": 0.921701,
    }  # fmt: skip
    row = left(
        alert_type="base_eroding", unit_type="company", unit_id="company", audience="bi",
        severity="high", payload=json.dumps(payload),
    )  # fmt: skip
    desk.with_settings(fallback_manager="am2").night(TUESDAY, [row])
    text = desk.text()
    for part in (
        "The customer base erodes while key accounts grow",
        "About: all customers",
        "All but A kept: 89.5 % of CNY 38,059,295.28; a year before it was 92.2 %",
        "A bought: CNY 194,892,512.78 in 12 months, CNY 172,919,455.19 in the 12 before",
    ):
        assert part in text
    assert desk.decisions()[0][3:] == ("am2", "")
