"""What a reader is told of receivables control and of credit limits, besides the title.

Messages to finance control say what needs review and where to look; they state figures, never a
judgement on a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from keyaccounts.alerts.formats import in_currency, is_number, money, one_line, share
from keyaccounts.texts import Texts

Facts = list[tuple[str, str]]
Payload = Mapping[str, Any]

SHARES = (
    "third_party_payer_ratio", "cash_method_ratio", "out_of_order_ratio", "cross_account_ratio",
)  # fmt: skip


def control_facts(alert_type: str, payload: Payload, unit: str, texts: Texts) -> Facts | None:
    """Return label and text of each fact; `unit` is the currency.

    None for other alert types, and for a payload that does not hold the figures of its mart.
    """
    tell, key = FACTS.get(alert_type, (None, ""))
    return tell(payload, unit, texts) if tell and payload.get(key) is not None else None


def _owner_drag(payload: Payload, unit: str, texts: Texts) -> Facts:
    overdue = texts(
        "control.overdue_is",
        share=_share(payload, "overdue_ratio", texts),
        gross=_amount(payload, "gross_open_amount", unit, texts),
        accounts=payload.get("accounts_count"),
    )
    expected = _share(payload, "expected_overdue_ratio", texts)
    peers = texts("control.peers", share=expected) if expected else None
    overdue = texts.joined((overdue, peers), "semicolon")
    covered = payload.get("benchmark_coverage_ratio")
    if isinstance(covered, Decimal | int) and covered < 1:
        known = _share(payload, "benchmark_coverage_ratio", texts)
        overdue = texts("control.peers_covered", overdue=overdue, known=known)
    unapplied = texts(
        "control.unapplied_share",
        amount=_amount(payload, "unapplied_over_30d_amount", unit, texts),
        share=_share(payload, "unapplied_over_30d_ratio", texts),
    )
    return [
        (texts("control.why"), _reasons(payload, texts)),
        (texts("control.overdue"), overdue),
        (texts("control.unapplied"), unapplied),
        (texts("control.first"), _accounts(payload.get("accounts") or (), unit, texts)),
    ]


def _cash_control(payload: Payload, unit: str, texts: Texts) -> Facts:
    oldest, lag = payload.get("oldest_unapplied_days"), payload.get("application_lag_days")
    unapplied = _amount(payload, "unapplied_over_30d_amount", unit, texts)
    old = texts("control.unapplied_is", amount=unapplied)
    if is_number(oldest):
        old = texts("control.unapplied_since", amount=unapplied, days=oldest)
    is_open = texts("control.is_open", gross=_amount(payload, "gross_open_amount", unit, texts))
    receipts = texts(
        "control.receipts_are",
        receipts=payload.get("receipts_count"),
        amount=_amount(payload, "receipts_amount", unit, texts),
    )
    applied = texts("control.applied_after", days=lag) if is_number(lag) else None
    facts = [
        (texts("control.why"), _reasons(payload, texts)),
        (texts("control.unapplied"), texts.joined((old, is_open), "semicolon")),
        (texts("control.receipts"), texts.joined((receipts, applied), "semicolon")),
    ]
    shares = [
        texts.word("control_share", key).format(share=_share(payload, key, texts))
        for key in SHARES
        if is_number(payload.get(key)) and payload[key] > 0
    ]
    if shares:
        facts.append((texts("control.of_these"), texts.joined(shares, "clause")))
    confirmed = payload.get("confirmation_difference_amount")
    if isinstance(confirmed, Decimal | int) and confirmed:
        is_more = confirmed > 0
        size = in_currency(money(confirmed if is_more else -confirmed), unit, texts)
        said = texts("control.more", size=size) if is_more else texts("control.less", size=size)
        facts.append((texts("control.confirmed"), said))
    return facts


def _credit(payload: Payload, unit: str, texts: Texts) -> Facts:
    used, headroom = _share(payload, "utilisation_ratio", texts), payload.get("headroom_amount")
    exposure = texts(
        "credit.exposure_is",
        exposure=_amount(payload, "exposure_amount", unit, texts),
        limit=_amount(payload, "credit_limit_amount", unit, texts),
    )
    if used:
        exposure = texts("block.with_ratio", size=exposure, ratio=used)
    made_of = texts(
        "credit.made_of_is",
        receivables=_amount(payload, "gross_open_amount", unit, texts),
        shipped=_amount(payload, "shipped_not_invoiced_amount", unit, texts),
        orders=_amount(payload, "open_orders_amount", unit, texts),
    )
    facts = [
        (texts("credit.exposure"), exposure),
        (texts("credit.made_of"), made_of),
        (texts("credit.overdue"), _amount(payload, "overdue_amount", unit, texts)),
    ]
    if isinstance(headroom, Decimal | int):
        is_above = headroom < 0
        size = in_currency(money(-headroom if is_above else headroom), unit, texts)
        said = texts("credit.above", size=size) if is_above else texts("credit.left", size=size)
        facts.insert(1, (texts("credit.room"), said))
    if is_number(payload.get("terms_days")):
        said = texts("credit.terms_are", days=payload["terms_days"])
        facts.append((texts("credit.terms"), said))
    return facts


FACTS: dict[str, tuple[Callable[[Payload, str, Texts], Facts], str]] = {
    "owner_drag_review": (_owner_drag, "reasons"),
    "cash_control_review": (_cash_control, "reasons"),
    "credit_watch": (_credit, "exposure_amount"),
    "credit_hold": (_credit, "exposure_amount"),
}


def _reasons(payload: Payload, texts: Texts) -> str:
    codes = [code for code in str(payload.get("reasons") or "").split("|") if code]
    said = (texts.word("control_reason", code, fallback=one_line(code)) for code in codes)
    return texts.joined(said, "semicolon")


def _accounts(accounts: Sequence[Mapping[str, Any]], unit: str, texts: Texts) -> str:
    said = (
        texts(
            "control.account",
            name=one_line(a["account_name"], 60),
            id=one_line(a["account_id"]),
            overdue=_amount(a, "overdue_amount", unit, texts),
            unapplied=_amount(a, "unapplied_over_30d_amount", unit, texts),
        )
        for a in accounts
    )
    return texts.joined(said, "semicolon")


def _amount(payload: Payload, key: str, unit: str, texts: Texts) -> str:
    value = payload.get(key)
    if not isinstance(value, Decimal | int):
        return texts("word.not_known")
    return in_currency(money(value), unit, texts)


def _share(payload: Payload, key: str, texts: Texts) -> str:
    value = payload.get(key)
    return share(value, texts) if isinstance(value, Decimal | int) else ""
