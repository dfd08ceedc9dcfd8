"""Prospects of units at month-ends recomputed from the rows: adoption and growth (Q5, Q6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.properties.basics import Identity, add_months, month_number, to_cents
from tests.properties.books import Books
from tests.properties.tiers import Rating, ratio
from tests.properties.windows import Windows

CLASSES = ("innovator", "early_adopter", "later", "no_launch_bought")


@dataclass(frozen=True)
class Prospect:
    """One unit at one month-end."""

    adopter_class: str
    growth_score: int | None
    growth: Decimal | None
    breadth: int | None


def prospects(
    books: Books, windows: Windows, ratings: Mapping[date, Mapping[str, Rating]]
) -> dict[tuple[date, str], Prospect]:
    """Return the prospects of every unit at every month-end."""
    starts, sold = _product_starts(books), _families_sold(books)
    found = {}
    for day, units in ratings.items():
        identity = books.identity(day)
        members: dict[str, list[str]] = defaultdict(list)
        for account, unit in identity.unit.items():
            if account not in identity.internal:
                members[unit].append(account)
        classes = _classes(books, identity, starts, day)
        is_known = day in windows.bridge_months
        for unit in units:
            own = members[unit]
            scores = [s for a in own if (s := _growth_score(books, a, day)) is not None]
            found[day, unit] = Prospect(
                CLASSES[classes.get(unit, 3)], max(scores, default=None),
                _growth(windows, own, day) if is_known else None,
                _breadth(sold, own, day) if is_known and "erp_products" in books.inputs.rows
                else None,
            )  # fmt: skip
    return found


def _growth_score(books: Books, account: str, day: date) -> int | None:
    """Return the score of the customer's own growth that counts on a day."""
    version = books.at(account, day)
    rated_on = version.get("own_growth_rated_on")
    is_old = rated_on is not None and not books.is_fresh(rated_on, "influence_months", day)
    return None if is_old else version.get("own_growth_score")


def _product_starts(books: Books) -> dict[str, dict[str, date]]:
    """Return the first purchase of each product by each account."""
    found: dict[str, dict[str, date]] = defaultdict(dict)
    for line in books.inputs.rows["erp_invoice_lines"]:
        document = books.bought.get(line["invoice_id"])
        if document and line.get("product_id") and to_cents(line["net_amount"]) > 0:
            account, day = document["account_id"], document["invoice_date"]
            earliest = found[line["product_id"]].get(account, day)
            found[line["product_id"]][account] = min(earliest, day)
    return found


def _classes(
    books: Books, identity: Identity, starts: dict[str, dict[str, date]], day: date
) -> dict[str, int]:
    """Return the place in CLASSES of each unit that bought a launch of the last months."""
    rules = books.rule("candidate_config", day)
    oldest = add_months(day.replace(day=1), 1 - int(rules["launch_months"]))
    limits = (Fraction(rules["innovator_share"]), Fraction(rules["early_adopter_share"]), 1)
    found: dict[str, int] = {}
    for product in books.inputs.rows.get("erp_products", []):
        launched = product.get("launch_date")
        if not launched or not oldest <= launched <= day:
            continue
        adopters: dict[str, date] = {}
        for account, first in starts[product["product_id"]].items():
            unit = identity.unit[account]
            if account not in identity.internal and first <= day:
                adopters[unit] = min(adopters.get(unit, first), first)
        for unit, first in adopters.items():
            rank = 1 + sum(other < first for other in adopters.values())
            share = Fraction(rank, len(adopters))
            level = next(n for n, limit in enumerate(limits) if share <= limit)
            found[unit] = min(found.get(unit, 3), level)
    return found


def _growth(windows: Windows, accounts: list[str], day: date) -> Decimal | None:
    now = month_number(day)
    this, prior = (
        sum(
            cell.net
            for account in accounts
            for cell in windows.families(account, last - 11, last).values()
        )
        for last in (now, now - 12)
    )
    return ratio(Fraction(this - prior, prior)) if prior > 0 else None


def _families_sold(books: Books) -> dict[str, set[tuple[int, str]]]:
    """Return the months and families in which each account was sold something."""
    found: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for line in books.lines:
        if line.is_invoice and line.net > 0 and line.family != "unknown":
            found[line.account].add((month_number(line.day), line.family))
    return found


def _breadth(sold: dict[str, set[tuple[int, str]]], accounts: list[str], day: date) -> int:
    now = month_number(day)
    bought = {cell for account in accounts for cell in sold[account]}
    this, prior = (
        {family for month, family in bought if last - 12 < month <= last}
        for last in (now, now - 12)
    )
    return len(this) - len(prior)
