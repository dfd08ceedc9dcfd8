"""What a reader is told of a candidate for key account: why it is one, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts import wording
from keyaccounts.alerts.formats import in_currency, is_number, money, one_line, share
from keyaccounts.texts import Texts

Payload = Mapping[str, Any]

TYPES = {"candidate_enter", "candidate_exit"}


def candidate_facts(payload: Payload, unit: str, texts: Texts) -> list[tuple[str, str]]:
    """Return label and text of each fact; figures that are not known are left out.

    `payload` is that of a candidate event, `unit` the currency.
    """
    told = [
        (texts("candidate.reasons"), candidate_reasons(payload, texts)),
        (texts("candidate.influence"), _influence(payload, unit, texts)),
        (texts("candidate.volume"), _volume(payload, texts)),
        (texts("candidate.prospect"), _prospect(payload, texts)),
        (texts("candidate.score"), _score(payload, texts)),
        (texts("candidate.on_the_list"), _months(payload, texts)),
        (texts("candidate.profit"), _profit(payload, unit, texts)),
    ]
    return [(label, text) for label, text in told if text]


def candidate_reasons(payload: Payload, texts: Texts) -> str:
    """Return the reasons in words: `influence and volume`."""
    codes = [one_line(code) for code in str(payload.get("reasons") or "").split("|") if code]
    words = [texts.word("candidate_reason", code, fallback=code) for code in codes]
    if len(words) < 2:
        return texts.joined(words)
    return texts("list.and", first=texts.joined(words[:-1]), last=words[-1])


def _influence(payload: Payload, unit: str, texts: Texts) -> str:
    said = []
    if is_number(payload.get("influence_score")):
        said.append(texts("candidate.rated", score=payload["influence_score"]))
    count = payload.get("referred_accounts_count")
    if isinstance(count, int) and count:
        earned = _amount(payload, "referred_profit_amount", unit, texts)
        if earned:
            said.append(texts("candidate.brought_earning", count=count, earned=earned))
        else:
            said.append(texts("candidate.brought", count=count))
    return texts.joined(said, "clause")


def _volume(payload: Payload, texts: Texts) -> str:
    said = []
    ramp, part = payload.get("ramp_ratio"), payload.get("wallet_share_ratio")
    if isinstance(ramp, Decimal | int):
        said.append(texts("candidate.ramp", times=_rounded(ramp, "0.1")))
    if isinstance(part, Decimal | int):
        said.append(texts("candidate.wallet", share=share(part, texts)))
    return texts.joined(said, "clause")


def _prospect(payload: Payload, texts: Texts) -> str:
    said = [texts.word("adopter", payload.get("adopter_class"), fallback="")]
    if is_number(payload.get("own_growth_score")):
        said.append(texts("candidate.own_growth", score=payload["own_growth_score"]))
    return texts.joined(said, "clause")


def _score(payload: Payload, texts: Texts) -> str:
    score, covered = payload.get("candidate_score_ratio"), payload.get("coverage_ratio")
    if not isinstance(score, Decimal | int) or not isinstance(covered, Decimal | int):
        return ""
    known = share(covered, texts)
    return texts("candidate.score_is", score=_rounded(score, "0.01"), known=known)


def _months(payload: Payload, texts: Texts) -> str:
    months = payload.get("months_count")
    if not isinstance(months, int) or months < 2:
        return ""
    return texts("candidate.months", months=months)


def _profit(payload: Payload, unit: str, texts: Texts) -> str:
    profit, code = _amount(payload, "ttm_profit_amount", unit, texts), payload.get("tier")
    tier = texts("candidate.tier", tier=wording.value(one_line(code), texts)) if code else None
    return texts.joined((profit, tier), "clause")


def _amount(payload: Payload, key: str, unit: str, texts: Texts) -> str:
    value = payload.get(key)
    return in_currency(money(value), unit, texts) if isinstance(value, Decimal | int) else ""


def _rounded(value: Decimal | int, last: str) -> Decimal:
    return Decimal(value).quantize(Decimal(last), ROUND_HALF_UP)
