"""What a reader of a payment trap message is told: how long, why, and what the waiting costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts.formats import is_number, money, percent

TYPES = {"payment_trap_enter", "payment_trap_exit"}
REASONS = {
    "slow_vs_terms_and_peers": "slower than its terms and than its peers allow",
    "margin_below_financing_cost": "its margin does not pay for the waiting",
}


def payment_facts(payload: Mapping[str, Any], unit: str) -> list[tuple[str, str]]:
    """Return labels and values; figures that are not known are left out.

    `payload` is that of a payment trap event, `unit` the word before amounts.
    """
    return [(label, value) for label, value in _facts(payload, unit) if value]


def _facts(payload: Mapping[str, Any], unit: str) -> list[tuple[str, str]]:
    known = {key: value for key, value in payload.items() if is_number(value)}

    def days(key: str) -> str:
        return f"{_whole(known[key]):,} days" if key in known else ""

    def amount(key: str) -> str:
        return f"{unit} {money(known[key])}" if key in known else ""

    def share(key: str) -> str:
        return percent(known[key]).removeprefix("+") if key in known else ""

    reasons = str(payload.get("reasons") or "").split("|")
    peers = f"others in {payload.get('channel')}"
    return [
        (
            "Pays after",
            _joined(
                ("", days("collection_cycle_days")),
                ("terms ", days("terms_days")),
                (f"{peers} ", days("peer_median_cycle_days")),
            ),
        ),
        ("Why", "; ".join(REASONS[word] for word in reasons if word in REASONS)),
        (
            "Margin",
            _joined(
                ("", share("contribution_margin_ratio")),
                ("after financing ", share("margin_after_financing_ratio")),
                ("nothing is left from ", days("break_even_cycle_days")),
            ),
        ),
        (
            "Money tied up",
            _joined(
                ("", amount("average_gross_amount")),
                ("costs a year ", amount("financing_cost_amount")),
            ),
        ),
        ("Oldest overdue", days("oldest_open_overdue_days")),
    ]


def _joined(*parts: tuple[str, str]) -> str:
    return ", ".join(before + value for before, value in parts if value)


def _whole(value: Decimal | int) -> int:
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))
