"""What a reader is told of owners who left and of the base of customers, besides the title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from keyaccounts.alerts import wording
from keyaccounts.alerts.formats import in_currency, money, one_line, share
from keyaccounts.texts import Texts

Facts = list[tuple[str, str]]
Payload = Mapping[str, Any]

TYPES = frozenset({"owner_left", "mass_departure", "base_eroding"})


def whom(unit_type: str, unit_id: str, name: str, texts: Texts) -> tuple[str, str]:
    """Return label and text of who it is about: an account manager, a team, or the company."""
    if unit_type == "owner":
        return texts("block.manager"), texts("block.named", name=name, id=unit_id)
    if unit_type == "team":
        return texts("portfolio.team"), unit_id
    return texts("portfolio.about"), texts("portfolio.all_customers")


def portfolio_facts(alert_type: str, payload: Payload, unit: str, texts: Texts) -> Facts:
    """Return label and text of each fact; `unit` is the currency.

    Nothing for other alert types, and for a payload that does not hold the figures of its mart.
    """
    if alert_type not in TYPES:
        return []
    if "base_grr" in payload:
        return _base(payload, unit, texts)
    return _departure(payload, unit, texts) if "accounts_count" in payload else []


def _departure(payload: Payload, unit: str, texts: Texts) -> Facts:
    count, orphans = payload.get("accounts_count", 0), payload.get("without_owner_count", 0)
    exposed = texts(
        "portfolio.exposed_is",
        exposed=_amount(payload, "profit_at_risk_amount", unit, texts),
        single=payload.get("single_threaded_count", 0),
        profit=_amount(payload, "ttm_profit_amount", unit, texts),
    )
    facts = [
        (texts("portfolio.left"), texts("portfolio.left_is", accounts=count, orphans=orphans)),
        (texts("portfolio.exposed"), exposed),
        (texts("portfolio.first"), _accounts(payload.get("accounts") or (), unit, texts)),
    ]
    owners: Sequence[Payload] = payload.get("owners") or ()
    if len(owners) > 1:
        names = (
            texts(
                "block.named", name=one_line(o["owner_name"], 60), id=one_line(o["owner_user_id"])
            )
            for o in owners
        )
        facts.insert(0, (texts("portfolio.who_left"), texts.joined(names)))
    elif payload.get("team"):
        facts.insert(0, (texts("portfolio.team"), one_line(payload["team"])))
    return facts


def _accounts(accounts: Sequence[Payload], unit: str, texts: Texts) -> str:
    said = (
        texts(
            "portfolio.account",
            name=one_line(a["account_name"], 60),
            id=one_line(a["account_id"]),
            tier=wording.value(a.get("tier") or texts("word.not_known"), texts),
            profit=_amount(a, "ttm_profit_amount", unit, texts),
            exposed=_amount(a, "profit_at_risk_amount", unit, texts),
        )
        for a in accounts
    )
    return texts.joined(said, "semicolon")


def _base(payload: Payload, unit: str, texts: Texts) -> Facts:
    return [
        (
            texts("portfolio.kept"),
            texts(
                "portfolio.kept_is",
                grr=_share(payload, "base_grr", texts),
                opening=_amount(payload, "base_opening_amount", unit, texts),
                before=_share(payload, "former_base_grr", texts),
            ),
        ),
        (
            texts("portfolio.bought"),
            texts(
                "portfolio.bought_is",
                now=_amount(payload, "a_closing_amount", unit, texts),
                before=_amount(payload, "a_opening_amount", unit, texts),
            ),
        ),
    ]


def _amount(payload: Payload, key: str, unit: str, texts: Texts) -> str:
    value = payload.get(key)
    if not isinstance(value, Decimal | int):
        return texts("word.not_known")
    return in_currency(money(value), unit, texts)


def _share(payload: Payload, key: str, texts: Texts) -> str:
    value = payload.get(key)
    return share(value, texts) if isinstance(value, Decimal | int) else texts("word.not_known")
