"""What a reader is told of owners who left and of the base of customers, besides the title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from keyaccounts.alerts.formats import money, one_line, percent

Facts = list[tuple[str, str]]
Payload = Mapping[str, Any]

TYPES = frozenset({"owner_left", "mass_departure", "base_eroding"})


def whom(unit_type: str, unit_id: str, name: str) -> tuple[str, str]:
    """Return label and text of who it is about: an account manager, a team, or the company."""
    if unit_type == "owner":
        return "Account manager", f"{name} ({unit_id})"
    return ("Team", unit_id) if unit_type == "team" else ("About", "all customers")


def portfolio_facts(alert_type: str, payload: Payload, unit: str) -> Facts:
    """Return label and text of each fact; `unit` is the currency.

    Nothing for other alert types, and for a payload that does not hold the figures of its mart.
    """
    if alert_type not in TYPES:
        return []
    if "base_grr" in payload:
        return _base(payload, unit)
    return _departure(payload, unit) if "accounts_count" in payload else []


def _departure(payload: Payload, unit: str) -> Facts:
    count, orphans = payload.get("accounts_count", 0), payload.get("without_owner_count", 0)
    single = payload.get("single_threaded_count", 0)
    facts = [
        ("Accounts left behind", f"{count}, of which {orphans} have no owner now"),
        (
            "Profit exposed",
            f"{_amount(payload, 'profit_at_risk_amount', unit)} at {single} that hung on single "
            f"people, of {_amount(payload, 'ttm_profit_amount', unit)} in 12 months at all",
        ),
        ("Look first at", _accounts(payload.get("accounts") or (), unit)),
    ]
    owners: Sequence[Payload] = payload.get("owners") or ()
    if len(owners) > 1:
        names = (
            f"{one_line(o['owner_name'], 60)} ({one_line(o['owner_user_id'])})" for o in owners
        )
        facts.insert(0, ("Who left", ", ".join(names)))
    elif payload.get("team"):
        facts.insert(0, ("Team", one_line(payload["team"])))
    return facts


def _accounts(accounts: Sequence[Payload], unit: str) -> str:
    return "; ".join(
        f"{one_line(a['account_name'], 60)} ({one_line(a['account_id'])}), "
        f"tier {a.get('tier') or 'not known'}: {_amount(a, 'ttm_profit_amount', unit)} profit, "
        f"{_amount(a, 'profit_at_risk_amount', unit)} exposed"
        for a in accounts
    )


def _base(payload: Payload, unit: str) -> Facts:
    return [
        (
            "All but A kept",
            f"{_share(payload, 'base_grr')} of {_amount(payload, 'base_opening_amount', unit)}; "
            f"a year before it was {_share(payload, 'former_base_grr')}",
        ),
        (
            "A bought",
            f"{_amount(payload, 'a_closing_amount', unit)} in 12 months, "
            f"{_amount(payload, 'a_opening_amount', unit)} in the 12 before",
        ),
    ]


def _amount(payload: Payload, key: str, unit: str) -> str:
    value = payload.get(key)
    return f"{unit} {money(value)}" if isinstance(value, Decimal | int) else "not known"


def _share(payload: Payload, key: str) -> str:
    value = payload.get(key)
    return percent(value).removeprefix("+") if isinstance(value, Decimal | int) else "not known"
