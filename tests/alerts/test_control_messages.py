"""Messages of receivables control and credit limits: figures to act on, for the right eyes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from keyaccounts.alerts import schema

from .conftest import TUESDAY, USERS, Desk, event

OWNER_DRAG = {
    "accounts": [
        {"account_id": "ACC1", "account_name": "Blue River", "overdue_amount": 300.00,
         "unapplied_over_30d_amount": 60.00},
    ],
    "accounts_count": 3, "base_currency": "CNY", "benchmark_coverage_ratio": 0.75,
    "drag_ratio": 0.4125, "expected_overdue_ratio": 0.1875, "gross_open_amount": 2000.00,
    "overdue_ratio": 0.6, "reasons": "overdue_above_peers|cash_received_not_applied",
    "unapplied_over_30d_amount": 60.00, "unapplied_over_30d_ratio": 0.03,
}  # fmt: skip
CASH = {
    "account_name": "Blue River", "application_lag_days": 105.0, "base_currency": "CNY",
    "cash_method_ratio": 0.0, "confirmation_difference_amount": -1234.50,
    "cross_account_ratio": None, "gross_open_amount": 900.00,
    "oldest_unapplied_days": 86, "out_of_order_ratio": 0.0, "receipts_amount": 2400.00,
    "reasons": "unapplied_over_30d|slow_application|third_party_payer", "receipts_count": 24,
    "third_party_payer_ratio": 1.0, "unapplied_over_30d_amount": 60230.88,
}  # fmt: skip
CREDIT = {
    "account_name": "Blue River", "base_currency": "CNY", "credit_limit_amount": 1000.00,
    "credit_status": "hold", "exposure_amount": 1100.50, "gross_open_amount": 1000.00,
    "headroom_amount": -100.50, "open_orders_amount": 100.50, "overdue_amount": 12.00,
    "shipped_not_invoiced_amount": None, "terms_days": 45, "utilisation_ratio": 1.1005,
}  # fmt: skip


def review(**changes: Any) -> dict[str, Any]:
    """Return an event that says that the receivables of am1 need review."""
    return event("am1", **{
        "alert_type": "owner_drag_review", "unit_type": "owner", "account_id": None,
        "audience": "finance_control", "severity": "high", "from_value": None, "to_value": None,
        "payload": json.dumps(OWNER_DRAG),
    } | changes)  # fmt: skip


def cash_review(**changes: Any) -> dict[str, Any]:
    """Return an event that says that cash received from ACC1 needs review."""
    return review(**{
        "alert_type": "cash_control_review", "unit_type": "account", "unit_id": "ACC1",
        "account_id": "ACC1", "payload": json.dumps(CASH),
    } | changes)  # fmt: skip


def test_an_owner_review_says_what_and_where_and_accuses_nobody(desk: Desk) -> None:
    desk.night(TUESDAY, [review()])
    text = desk.text()
    for part in (
        "[HIGH] Receivables of owner am1 need review",
        "Account manager: Li Wei (am1)",
        "Why: more is overdue than in the same channels of others; cash was received and is not",
        "Overdue: 60.0 % of CNY 2,000.00 open at 3 accounts; 18.8 % is what others have in the "
        "same channels (others are there for 75.0 % of it)",
        "Cash not applied: CNY 60.00 for more than 30 days, 3.0 % of what is open",
        "Look first at: Blue River (ACC1): CNY 300.00 overdue, CNY 60.00 not applied",
        "A flag for review, not a finding.",
    ):
        assert part in text
    for word in ("fraud", "stole", "theft", "embezzle", "guilt", "suspect", "kept back"):
        assert word not in text.lower()


def test_a_cash_review_says_what_lies_where(desk: Desk) -> None:
    desk.night(TUESDAY, [cash_review()])
    text = desk.text()
    for part in (
        "[HIGH] Cash received from Blue River needs review",
        "Cash not applied: CNY 60,230.88 for more than 30 days, the oldest for 86 days; "
        "CNY 900.00 is open",
        "Receipts: 24 in 12 months, CNY 2,400.00; applied after 105.0 days (median)",
        "Of these: 100.0 % paid by somebody else",
        "Balance confirmed: CNY 1,234.50 less than the ledger says",
    ):
        assert part in text
    assert "in cash" not in text


def test_a_hold_says_how_far_above_the_limit_and_why(desk: Desk) -> None:
    held = event(
        alert_type="credit_hold", unit_type="account", from_value="watch", to_value="hold",
        payload=json.dumps(CREDIT),
    )  # fmt: skip
    desk.night(TUESDAY, [held])
    text = desk.text()
    for part in (
        "[HIGH] Blue River is on credit hold",
        "Exposure now: CNY 1,100.50 of a limit of CNY 1,000.00 (110.1 %)",
        "Room: CNY 100.50 above the limit",
        "open receivables CNY 1,000.00, delivered and not invoiced not known, open orders "
        "CNY 100.50",
        "Terms: 45 days",
        "No further delivery until the limit is cleared with finance.",
    ):
        assert part in text


@pytest.mark.parametrize("finance", ["finance@firm.test", "controller"])
def test_neither_owner_nor_managers_get_anything_of_a_review(
    desk: Desk, users: Callable[[Sequence[dict[str, Any]]], None], finance: str
) -> None:
    """Told, reminded, taken back, told again, and after the controller has left."""
    controller = {"user_id": "controller", "user_name": "C", "email": "c@firm.test"}
    users([*USERS, controller])
    desk = desk.with_settings(finance_control=finance, fallback_manager="am2")
    told = [review(severity="critical"), cash_review(severity="critical"),
            review(unit_id="none", owner_user_id=None, effective_date=TUESDAY - timedelta(days=2),
                   severity="medium")]  # fmt: skip
    for row in told:
        row["event_key"] = f"{row['alert_type']}|{row['unit_id']}"
    desk.night(TUESDAY, told)
    desk.night(TUESDAY + timedelta(days=3), told)
    desk.night(TUESDAY + timedelta(days=6), told)
    users([*USERS, {**controller, "is_active": False}])
    desk.night(TUESDAY + timedelta(days=13), [])
    desk.night(TUESDAY + timedelta(days=20), told)
    assert {"retract", "reinstate"} <= {row[1] for row in desk.decisions()}
    assert {row["recipient"] for row in desk.rows(schema.messages)} == {finance}
    assert {mail["To"].addresses[0].addr_spec for mail in desk.channel.sent} <= {
        "finance@firm.test", "c@firm.test"
    }  # fmt: skip
