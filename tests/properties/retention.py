"""The bridge and the cohorts recomputed from documents (semantics 3.8, rulings 4, 14 and 15)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from tests.properties.basics import Identity, add_months, month_number
from tests.properties.books import Books
from tests.properties.windows import Windows


@dataclass(frozen=True)
class Movement:
    """One customer in one comparison; amounts in cents."""

    opening: int
    closing: int
    kind: str
    credit_only: int


@dataclass
class Cell:
    """One cohort and month: who bought, what they paid in cents."""

    active: int = 0
    revenue: int = 0


def customers(books: Books, identity: Identity) -> dict[str, list[str]]:
    """Return each customer's accounts, internal ones left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for account, customer in identity.customer.items():
        if account not in identity.internal:
            found[customer].append(account)
    return found


def first_purchases(books: Books, members: dict[str, list[str]]) -> dict[str, date]:
    """Return the first purchase of each customer that has one."""
    found = {}
    for customer, accounts in members.items():
        days = [books.purchases[a][0] for a in accounts if books.purchases.get(a)]
        if days:
            found[customer] = min(days)
    return found


def is_legacy(books: Books, accounts: list[str], first: date | None) -> bool:
    """Return whether the start of the data hides an earlier purchase (ruling 14)."""
    if first is None:
        return False
    created = [c for a in accounts if (c := books.created(a))]
    start = books.first_document
    return first <= start + timedelta(days=60) or (
        bool(created) and min(created) < start and first < add_months(start, 12)
    )


def movements(books: Books, windows: Windows, measure: str) -> dict[tuple[date, str], Movement]:
    """Return the yearly bridge: month-end and customer to its movement."""
    found = {}
    for day in windows.bridge_months:
        identity = books.identity(day)
        members = customers(books, identity)
        firsts = first_purchases(books, members)
        opening_day = add_months(day.replace(day=1), -12)
        before = next(m for m in books.months if month_number(m) == month_number(opening_day))
        # One measure for both windows, that of the closing one.
        name = "net_revenue" if measure == "revenue" else windows.measure(day).name
        if name == "contribution_profit" and windows.measure(before).name != name:
            name = "gross_profit"
        sides = [windows.at(before), windows.at(day)]
        for customer, accounts in members.items():
            if not any(a in side for a in accounts for side in sides):
                continue
            opening, closing = (
                sum(side[a].value(name) for a in accounts if a in side) for side in sides
            )
            first = firsts.get(customer)
            start = add_months(day.replace(day=1), -23)
            is_old = (first is not None and first < start) or is_legacy(books, accounts, first)
            found[day, customer] = movement(opening, closing, is_old)
    return found


def movement(opening: int, closing: int, is_old: bool) -> Movement:
    """Classify: first the state, then the size."""
    book, after = max(opening, 0), max(closing, 0)
    if book == 0 and after == 0:
        kind = ""
    elif book == 0:
        kind = "won_back" if is_old else "new"
    elif after == 0:
        kind = "churn"
    else:
        kind = "expansion" if after > book else "contraction" if after < book else "unchanged"
    return Movement(book, after, kind, min(closing, 0))


def cohorts(books: Books, windows: Windows) -> tuple[dict, dict]:
    """Return the size of each cohort and its cells: (month, is legacy) and (…, month index)."""
    members = customers(books, books.identity(books.end))
    sizes: dict[tuple[int, bool], int] = defaultdict(int)
    cells: dict[tuple[int, bool, int], Cell] = defaultdict(Cell)
    for customer, first in first_purchases(books, members).items():
        accounts = members[customer]
        cohort = (month_number(first), is_legacy(books, accounts, first))
        sizes[cohort] += 1
        bought = {month_number(d) for a in accounts for d in books.purchases.get(a, [])}
        revenue: dict[int, int] = defaultdict(int)
        for account in accounts:
            for month, families in windows.cells.get(account, {}).items():
                revenue[month] += sum(cell.net for cell in families.values())
        for month in set(revenue) | bought:
            # Credits dated before the first purchase lie in the first cell (decision 28).
            index = max(month - cohort[0], 0)
            cells[(*cohort, index)].active += month in bought
            cells[(*cohort, index)].revenue += revenue[month]
    return sizes, cells
