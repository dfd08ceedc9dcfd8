"""The documents of the story accounts: when, which product families, at what discount."""

from __future__ import annotations

from typing import Any

import duckdb

from keyaccounts.demo.cast import cast
from keyaccounts.demo.documents import YEARLY_PRICE_RISE
from keyaccounts.demo.plots import (
    BOUGHT_DISCOUNTS,
    BULK_AGE,
    CROSS_AGE,
    LOST_AGE,
    Plots,
)
from keyaccounts.demo.spec import Spec

EXTRA_DOCUMENT = 9  # the order of the added family
ADDED_FAMILY = 4
_WHALE_ALL = ((0, 0.30), (1, 0.25), (2, 0.20), (4, 0.15), (3, 0.10))
_WHALE_LEFT = ((2, 0.45), (4, 0.33), (3, 0.22))
_MIXES = (((5, 0.6), (2, 0.4)), ((4, 0.6), (7, 0.4)), ((1, 0.6), (9, 0.4)), ((3, 0.6), (0, 0.4)))

_STORY_LINES = """
insert into lines
with plan as (select unnest(?::{kind}, recursive := true)),
priced as (
    select d.invoice_no, d.order_no, p.line_no, d.account_no, d.month, d.order_date, d.invoice_date,
        t.no as product_no, p.profit, t.cost_ratio, p.discount, p.line_no,
        round(t.list_price * pow(1 + {rise}, d.month // 12), 2) as price,
        round(p.profit / (1 - p.discount - t.cost_ratio) / price, 4) as quantity
    from plan p
    join docs d on d.is_story and d.account_no = p.account_no and d.month = p.month and d.n = p.n
    join products t on t.family_no = p.family_no and t.slot = p.slot
), amounts as (
    select *, round(quantity * price, 2) as list_amount,
        round(quantity * price * (1 - discount), 2) as net_amount
    from priced
)
select invoice_no, order_no, line_no, account_no, month, true, false, false, order_date,
    invoice_date, product_no, quantity, list_amount, net_amount,
    net_amount::decimal(18, 2) - round(profit, 2)::decimal(18, 2)
from amounts
order by order_no, line_no
"""
_PLAN = (
    "STRUCT(account_no INT, month INT, n INT, line_no INT, family_no INT, slot INT, "
    "profit DOUBLE, discount DOUBLE)[]"
)


def story_docs(spec: Spec) -> list[dict[str, int]]:
    """Account, month, number, day of the month and lines of every story document."""
    docs = []
    for place, (role, account) in enumerate(cast(spec).items()):
        for month in range(spec.months):
            for n, day in _days(role, place, month - spec.last_month):
                lines = len(_families(role, place, month - spec.last_month, n))
                doc = {"account_no": account.no, "month": month, "n": n, "day": day, "lines": lines}
                docs.append(doc)
    return docs


def add_story_lines(con: duckdb.DuckDBPyConnection, spec: Spec, plots: Plots) -> None:
    """Fill the lines of the story documents so that every month makes its planned profit."""
    plan: list[dict[str, Any]] = []
    for place, (role, account) in enumerate(cast(spec).items()):
        for month in range(spec.months):
            age = month - spec.last_month
            days = _days(role, place, age)
            for n, _ in days:
                profit = plots.months[role][month] * _part_of_month(n, len(days))
                for i, (family, share) in enumerate(_families(role, place, age, n)):
                    line = {"account_no": account.no, "month": month, "n": n, "line_no": i + 1}
                    line |= {"family_no": family, "slot": 1 + i % 3}
                    plan.append(line | {"profit": profit * share, "discount": _discount(role, age)})
    con.execute(_STORY_LINES.format(kind=_PLAN, rise=YEARLY_PRICE_RISE), [plan])


def _days(role: str, place: int, age: int) -> list[tuple[int, int]]:
    """Number and day of the documents of a month; `age` is 0 in the month of the last month-end."""
    bought = {
        "lost_a": age <= -LOST_AGE,
        "lost_b": age <= -LOST_AGE,
        "back_a": age >= -2,
        "back_b": age >= -2,
        "bulk": age == -BULK_AGE,
        "rising": age >= -20,
        "new": age >= -1,
    }.get(role, True)
    if not bought:
        return []
    if role == "bulk":
        return [(0, 14)]
    if role == "whale":
        return [(0, 4), (1, 11), (2, 18), (3, 25)]
    days = [(0, 6 + place % 4), (1, 20 + place % 5)]
    return [*days, (EXTRA_DOCUMENT, 13)] if role == "cross" and age == -CROSS_AGE else days


def _part_of_month(n: int, documents: int) -> float:
    """The added family brings a fifth of its month, the other documents share the rest."""
    if documents != 3:
        return 1 / documents
    return 0.2 if n == EXTRA_DOCUMENT else 0.4


def _families(role: str, place: int, age: int, n: int) -> tuple[tuple[int, float], ...]:
    if role == "whale":
        return _WHALE_ALL if age <= -12 else _WHALE_LEFT
    if role == "bought":
        return ((0, 0.6), (0, 0.4))  # one family: its cost ratio is BOUGHT_COST
    if role == "cross":
        return ((ADDED_FAMILY, 1.0),) if n == EXTRA_DOCUMENT else ((0, 0.6), (6, 0.4))
    return _MIXES[place % len(_MIXES)]


def _discount(role: str, age: int) -> float:
    if role == "bought":
        return BOUGHT_DISCOUNTS[age > -12]
    if role == "whale":
        return 0.06 if age <= -12 else 0.13
    return 0.07
