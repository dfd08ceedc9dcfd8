"""What a reader is told of a candidate for key account: why it is one, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts.formats import is_number, money, one_line, percent

Payload = Mapping[str, Any]

TYPES = {"candidate_enter", "candidate_exit"}
ADOPTERS = {"innovator": "among the first to buy a new product", "early_adopter": "an early buyer"}


def candidate_facts(payload: Payload, unit: str) -> list[tuple[str, str]]:
    """Return label and text of each fact; figures that are not known are left out.

    `payload` is that of a candidate event, `unit` the word before amounts.
    """
    told = [
        ("Reasons", candidate_reasons(payload)),
        ("Influence", _influence(payload, unit)),
        ("Volume", _volume(payload)),
        ("Prospect", _prospect(payload)),
        ("Score", _score(payload)),
        ("On the list", _months(payload)),
        ("Profit in 12 months", f"{_amount(payload, 'ttm_profit_amount', unit)}{_tier(payload)}"),
    ]
    return [(label, text) for label, text in told if text]


def candidate_reasons(payload: Payload) -> str:
    """Return the reasons in words: `influence and volume`."""
    words = [one_line(word) for word in str(payload.get("reasons") or "").split("|") if word]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _influence(payload: Payload, unit: str) -> str:
    said = []
    if is_number(payload.get("influence_score")):
        said.append(f"rated {payload['influence_score']} of 5")
    count = payload.get("referred_accounts_count")
    if isinstance(count, int) and count:
        earned = _amount(payload, "referred_profit_amount", unit)
        brought = f"{count} account" if count == 1 else f"{count} accounts"
        said.append(f"brought {brought}{f' earning {earned}' if earned else ''}")
    return ", ".join(said)


def _volume(payload: Payload) -> str:
    said = []
    ramp, share = payload.get("ramp_ratio"), payload.get("wallet_share_ratio")
    if isinstance(ramp, Decimal | int):
        said.append(f"the last four orders are {_rounded(ramp, '0.1')} times the first four")
    if isinstance(share, Decimal | int):
        bought = percent(share).removeprefix("+")
        said.append(f"buys {bought} of what it needs from us")
    return ", ".join(said)


def _prospect(payload: Payload) -> str:
    said = [ADOPTERS[payload["adopter_class"]]] if payload.get("adopter_class") in ADOPTERS else []
    if is_number(payload.get("own_growth_score")):
        said.append(f"its own growth is rated {payload['own_growth_score']} of 5")
    return ", ".join(said)


def _score(payload: Payload) -> str:
    score, covered = payload.get("candidate_score_ratio"), payload.get("coverage_ratio")
    if not isinstance(score, Decimal | int) or not isinstance(covered, Decimal | int):
        return ""
    return f"{_rounded(score, '0.01')} of 1, {percent(covered).removeprefix('+')} of it is known"


def _months(payload: Payload) -> str:
    months = payload.get("months_count")
    return f"{months} months" if isinstance(months, int) and months > 1 else ""


def _tier(payload: Payload) -> str:
    return f", tier {one_line(payload['tier'])}" if payload.get("tier") else ""


def _amount(payload: Payload, key: str, unit: str) -> str:
    value = payload.get(key)
    return f"{unit} {money(value)}" if isinstance(value, Decimal | int) else ""


def _rounded(value: Decimal | int, last: str) -> Decimal:
    return Decimal(value).quantize(Decimal(last), ROUND_HALF_UP)
