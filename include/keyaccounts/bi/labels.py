"""Names and number formats for people, told from the ending of a column or metric."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SHORT = {
    "nrr": "NRR", "grr": "GRR", "dso": "DSO", "cei": "CEI", "hhi": "HHI", "ttm": "12-month",
    "id": "ID", "otif": "on time in full", "sla": "SLA", "fx": "exchange", "a": "A", "cv": "CV",
}  # fmt: skip
JOINED = {
    "account": "Account",
    "account_label": "Account (name and ID)",
    "account_channel": "Channel today",
    "account_region": "Region today",
    "account_owner": "Account manager today",
    "account_owner_user_id": "ID of the account manager today",
    "account_tier": "Tier today",
    "fact": "What",
    "fact_value": "Value",
    "open_document_amount": "Open document (document currency)",
    "hhi_index": "HHI (points)",
    "period": "Month",
}
BARE_RATIOS = {"nrr", "grr", "cei"}


@dataclass(frozen=True)
class Format:
    """How figures of a kind are written: a D3 format for tables, one for charts, the currency."""

    exact: str | None
    short: str | None
    has_currency: bool = False


MONEY = Format(",.0f", ".3s", has_currency=True)
CENTS = Format(",.2f", ",.2f", has_currency=True)
RATIO = Format(".1%", ".1%")
DAYS = Format(",.1f", ",.0f")
COUNT = Format(",d", ",d")
PLAIN = Format(None, None)


def format_of(name: str, type_: str = "") -> Format:
    """Return the format of a column or metric; `type_` is the one of `marts.yml`, if known."""
    if type_ in {"text", "boolean", "date", "timestamp"}:
        return PLAIN
    if name == "difference_amount":
        return CENTS
    if name.endswith("_amount") or type_ == "money":
        return MONEY
    if name.endswith("_ratio") or name in BARE_RATIOS:
        return RATIO
    if name.endswith(("_days", "_hours")):
        return COUNT if type_ == "integer" else DAYS
    return COUNT if type_ == "integer" or name.endswith(("_count", "_index")) else PLAIN


def label_of(name: str, currency: str) -> str:
    """Return the name for people, with the unit: `past_due_amount` -> `Past due (CNY)`."""
    if name in JOINED:
        return JOINED[name]
    base, unit = name, ""
    if name.endswith("_amount"):
        base, unit = name.removesuffix("_amount"), f" ({currency})"
    elif name.endswith(("_days", "_hours")):
        base, _, last = name.rpartition("_")
        unit = f" ({last})"
    elif name.endswith(("_ratio", "_count", "_index")):
        base = name.rpartition("_")[0]
    base = re.sub(r"(\d+)_(\d+)$", r"\1-\2", base)
    base = re.sub(r"(\d+)_plus$", r"\1+", base)
    words = [SHORT.get(word, word) for word in base.removeprefix("is_").split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:] + unit


def currency_format(name: str, currency: str) -> dict[str, Any] | None:
    """Return Superset's currency of a figure, None where it is no money."""
    has = format_of(name).has_currency
    return {"symbol": currency, "symbolPosition": "prefix"} if has else None
