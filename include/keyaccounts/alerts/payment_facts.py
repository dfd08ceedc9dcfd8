"""What a reader of a payment trap message is told: how long, why, and what the waiting costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts.formats import in_currency, is_number, money, one_line, share
from keyaccounts.texts import Texts

TYPES = {"payment_trap_enter", "payment_trap_exit"}


def payment_facts(payload: Mapping[str, Any], unit: str, texts: Texts) -> list[tuple[str, str]]:
    """Return labels and values; figures that are not known are left out.

    `payload` is that of a payment trap event, `unit` the currency.
    """
    return [(label, value) for label, value in _facts(payload, unit, texts) if value]


def _facts(payload: Mapping[str, Any], unit: str, texts: Texts) -> list[tuple[str, str]]:
    known = {key: value for key, value in payload.items() if is_number(value)}

    def days(key: str) -> str:
        return texts("payment.days", days=_whole(known[key])) if key in known else ""

    def amount(key: str) -> str:
        return in_currency(money(known[key]), unit, texts) if key in known else ""

    def part(key: str) -> str:
        return share(known[key], texts) if key in known else ""

    channel = texts.word("channel", payload.get("channel"), one_line(payload.get("channel")))
    terms, peers = days("terms_days"), days("peer_median_cycle_days")
    financed, even = part("margin_after_financing_ratio"), days("break_even_cycle_days")
    cost, reasons = amount("financing_cost_amount"), str(payload.get("reasons") or "").split("|")
    return [
        (
            texts("payment.pays_after"),
            texts.joined(
                (
                    days("collection_cycle_days"),
                    texts("payment.terms", days=terms) if terms else None,
                    texts("payment.peers", channel=channel, days=peers) if peers else None,
                ),
                "clause",
            ),
        ),
        (
            texts("payment.why"),
            texts.joined((texts.word("trap_reason", r, "") for r in reasons), "semicolon"),
        ),
        (
            texts("payment.margin"),
            texts.joined(
                (
                    part("contribution_margin_ratio"),
                    texts("payment.financed", share=financed) if financed else None,
                    texts("payment.break_even", days=even) if even else None,
                ),
                "clause",
            ),
        ),
        (
            texts("payment.tied_up"),
            texts.joined(
                (
                    amount("average_gross_amount"),
                    texts("payment.costs", cost=cost) if cost else None,
                ),
                "clause",
            ),
        ),
        (texts("payment.oldest"), days("oldest_open_overdue_days")),
    ]


def _whole(value: Decimal | int) -> int:
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))
