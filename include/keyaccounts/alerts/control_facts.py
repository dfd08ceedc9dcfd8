"""What a reader is told of receivables control and of credit limits, besides the title.

Messages to finance control say what needs review and where to look; they state figures, never a
judgement on a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from keyaccounts.alerts.formats import is_number, money, one_line, percent

Facts = list[tuple[str, str]]
Payload = Mapping[str, Any]

REASONS = {
    "overdue_above_peers": "more is overdue than in the same channels of others",
    "cash_received_not_applied": "cash was received and is not applied",
    "unapplied_over_30d": "old cash lies unapplied while invoices are open",
    "slow_application": "receipts are applied late",
    "third_party_payer": "somebody else pays",
    "cash_method": "much is paid in cash",
    "out_of_order": "newer invoices are paid while old ones stay open",
    "cross_account": "receipts of other accounts pay these invoices",
    "confirmation_difference": "the customer confirms another balance",
}
SHARES = {
    "third_party_payer_ratio": "paid by somebody else",
    "cash_method_ratio": "in cash",
    "out_of_order_ratio": "out of order",
    "cross_account_ratio": "from other accounts",
}


def control_facts(alert_type: str, payload: Payload, unit: str) -> Facts | None:
    """Return label and text of each fact; `unit` is the currency.

    None for other alert types, and for a payload that does not hold the figures of its mart.
    """
    tell, key = FACTS.get(alert_type, (None, ""))
    return tell(payload, unit) if tell and payload.get(key) is not None else None


def _owner_drag(payload: Payload, unit: str) -> Facts:
    expected = _share(payload, "expected_overdue_ratio")
    peers = f"; {expected} is what others have in the same channels" if expected else ""
    covered = payload.get("benchmark_coverage_ratio")
    if isinstance(covered, Decimal | int) and covered < 1:
        peers += f" (others are there for {_share(payload, 'benchmark_coverage_ratio')} of it)"
    return [
        ("Why", _reasons(payload)),
        (
            "Overdue",
            f"{_share(payload, 'overdue_ratio')} of {_amount(payload, 'gross_open_amount', unit)} "
            f"open at {payload.get('accounts_count')} accounts{peers}",
        ),
        (
            "Cash not applied",
            f"{_amount(payload, 'unapplied_over_30d_amount', unit)} for more than 30 days, "
            f"{_share(payload, 'unapplied_over_30d_ratio')} of what is open",
        ),
        ("Look first at", _accounts(payload.get("accounts") or (), unit)),
    ]


def _cash_control(payload: Payload, unit: str) -> Facts:
    oldest = payload.get("oldest_unapplied_days")
    age = f", the oldest for {oldest} days" if is_number(oldest) else ""
    lag = payload.get("application_lag_days")
    applied = f"; applied after {lag} days (median)" if is_number(lag) else ""
    shares = [
        f"{_share(payload, key)} {words}"
        for key, words in SHARES.items()
        if is_number(payload.get(key)) and payload[key] > 0
    ]
    facts = [
        ("Why", _reasons(payload)),
        (
            "Cash not applied",
            f"{_amount(payload, 'unapplied_over_30d_amount', unit)} for more than 30 days{age}; "
            f"{_amount(payload, 'gross_open_amount', unit)} is open",
        ),
        (
            "Receipts",
            f"{payload.get('receipts_count')} in 12 months, "
            f"{_amount(payload, 'receipts_amount', unit)}{applied}",
        ),
    ]
    if shares:
        facts.append(("Of these", ", ".join(shares)))
    confirmed = payload.get("confirmation_difference_amount")
    if isinstance(confirmed, Decimal | int) and confirmed:
        word, size = ("more", confirmed) if confirmed > 0 else ("less", -confirmed)
        facts.append(("Balance confirmed", f"{unit} {money(size)} {word} than the ledger says"))
    return facts


def _credit(payload: Payload, unit: str) -> Facts:
    used = _share(payload, "utilisation_ratio")
    size = f" ({used})" if used else ""
    headroom = payload.get("headroom_amount")
    facts = [
        (
            "Exposure now",
            f"{_amount(payload, 'exposure_amount', unit)} of a limit of "
            f"{_amount(payload, 'credit_limit_amount', unit)}{size}",
        ),
        (
            "Made of",
            f"open receivables {_amount(payload, 'gross_open_amount', unit)}, delivered and not "
            f"invoiced {_amount(payload, 'shipped_not_invoiced_amount', unit)}, open orders "
            f"{_amount(payload, 'open_orders_amount', unit)}",
        ),
        ("Overdue", _amount(payload, "overdue_amount", unit)),
    ]
    if isinstance(headroom, Decimal | int):
        is_above = headroom < 0
        room = money(-headroom if is_above else headroom)
        facts.insert(1, ("Room", f"{unit} {room} {'above the limit' if is_above else 'left'}"))
    if is_number(payload.get("terms_days")):
        facts.append(("Terms", f"{payload['terms_days']} days"))
    return facts


FACTS: dict[str, tuple[Callable[[Payload, str], Facts], str]] = {
    "owner_drag_review": (_owner_drag, "reasons"),
    "cash_control_review": (_cash_control, "reasons"),
    "credit_watch": (_credit, "exposure_amount"),
    "credit_hold": (_credit, "exposure_amount"),
}


def _reasons(payload: Payload) -> str:
    words = str(payload.get("reasons") or "").split("|")
    return "; ".join(REASONS.get(word, one_line(word)) for word in words if word)


def _accounts(accounts: Sequence[Mapping[str, Any]], unit: str) -> str:
    return "; ".join(
        f"{one_line(a['account_name'], 60)} ({one_line(a['account_id'])}): "
        f"{_amount(a, 'overdue_amount', unit)} overdue, "
        f"{_amount(a, 'unapplied_over_30d_amount', unit)} not applied"
        for a in accounts
    )


def _amount(payload: Payload, key: str, unit: str) -> str:
    value = payload.get(key)
    return f"{unit} {money(value)}" if isinstance(value, Decimal | int) else "not known"


def _share(payload: Payload, key: str) -> str:
    value = payload.get(key)
    return percent(value).removeprefix("+") if isinstance(value, Decimal | int) else ""
