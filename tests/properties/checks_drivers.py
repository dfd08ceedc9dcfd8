"""The split of a profit change by family and driver, recomputed from the lines (semantics 3.11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.properties.basics import half_away, month_end, month_number
from tests.properties.books import Books
from tests.properties.crowd import Case, cents, difference

AMOUNTS = (
    "profit_prior", "profit_current", "volume", "list_price", "discount", "unit_cost",
    "lost_product", "new_product", "unexplained", "total_change",
)  # fmt: skip
NAMES = dict.fromkeys(AMOUNTS[2:9])


@dataclass
class Side:
    """One family of a unit in one window, in cents; `split_*` are lines with a price."""

    is_there: bool = False
    profit: int = 0
    quantity: Decimal = Decimal(0)
    split_net: int = 0
    split_list: int = 0
    split_cost: int = 0
    is_unlisted: bool = False
    last_sold: date | None = None


@dataclass
class Cell:
    """The lines of one account and family in one window, in cents."""

    net: int = 0
    cost: int = 0
    unknown: int = 0


def families_are_recomputed(case: Case) -> Iterator[str]:
    """I36: every family of every negative event, driver by driver, to the cent."""
    books, windows = case.books, case.windows
    known = {
        r["event_key"]: (r["tier_unit_id"], r["effective_date"])
        for r in case.mart("tier_events")
        if r["event_type"] in {"drop", "watch", "lapsed"} and r["profit_prior_amount"] is not None
    }
    expected = {
        (key, family): figures
        for key, (unit, day) in known.items()
        for family, figures in _families(case, unit, day).items()
    }
    rows = case.mart("tier_drop_products")
    found = {
        (r["event_key"], r["product_family"]): (
            *(cents(r[f"{name}_amount"]) for name in AMOUNTS), r["last_order_date"])
        for r in rows
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem
    drivers: dict[tuple[str, str], int] = defaultdict(int)
    for (key, _), figures in expected.items():
        for name, amount in zip(NAMES, figures[2:9], strict=True):
            drivers[key, name] += amount
    for key, (unit, day) in known.items():
        # What serving costs belongs to no family.
        if windows.measure(day).name == "contribution_profit":
            now, members = month_number(day), _members(books, unit, day)
            drivers[key, "cost_to_serve"] = sum(
                windows.service.cost(a, now - 23, now - 12) - windows.service.cost(a, now - 11, now)
                for a in members
            )
    told = {
        (r["event_key"], r["driver"]): cents(r["driver_amount"])
        for r in case.mart("tier_drop_drivers")
    }
    if problem := difference(dict(drivers), told):
        yield problem


def _members(books: Books, unit: str, day: date) -> set[str]:
    identity = books.identity(day)
    return {a for a, u in identity.unit.items() if u == unit and a not in identity.internal}


def _families(case: Case, unit: str, day: date) -> dict[str, tuple[object, ...]]:
    """Return family to its figures, in the order of AMOUNTS, and the day of its last sale."""
    has_cost, members = case.windows.measure(day).has_cost, _members(case.books, unit, day)
    before = month_end(day.replace(year=day.year - 1, day=1))
    prior = _sides(case, members, before, has_cost)
    current = _sides(case, members, day, has_cost)
    return {
        family: _split(prior.get(family, Side()), current.get(family, Side()))
        for family in sorted({*prior, *current})
    }


def _sides(case: Case, members: set[str], day: date, has_cost: bool) -> dict[str, Side]:
    """Return what each family sold and earned in the twelve months to a month-end."""
    sides: dict[str, Side] = defaultdict(Side)
    cells: dict[tuple[str, str, bool], Cell] = defaultdict(Cell)
    for line in case.books.lines:
        if line.account not in members or not 0 <= month_number(day) - month_number(line.day) < 12:
            continue
        side, is_split = sides[line.family], line.family != "unknown" and line.quantity is not None
        side.is_there = True
        if line.is_invoice and line.net > 0:
            side.last_sold = max(side.last_sold or line.day, line.day)
        for key in {(line.account, line.family, False), (line.account, line.family, is_split)}:
            cells[key].net += line.net
            cells[key].cost += line.cost or 0
            cells[key].unknown += line.net if line.cost is None else 0
        if is_split:
            side.quantity += line.quantity or 0
            side.split_net += line.net
            side.split_list += line.list or 0
    # Prices of channel peers stand in; a line that has none of them leaves its family without.
    for (account, month, family), size in case.discounts.unpriced.items():
        if account in members and 0 <= month_number(day) - month < 12:
            sides[family].split_list += case.discounts.imputed[account, month, family]
            sides[family].is_unlisted |= size > 0
    measure = case.windows.measure(day)
    for (_, family, is_split), cell in cells.items():
        cost = cell.cost + measure.imputed(family, cell.unknown) if has_cost else 0
        if is_split:
            sides[family].split_cost += cost
        else:
            sides[family].profit += cell.net - cost
    return sides


def _split(prior: Side, current: Side) -> tuple[object, ...]:
    is_unlisted = prior.is_unlisted or current.is_unlisted
    lists = [s.split_net if is_unlisted else s.split_list for s in (prior, current)]
    discounts = [lists[0] - prior.split_net, lists[1] - current.split_net]
    parts = dict.fromkeys(NAMES, 0)
    if prior.is_there and current.is_there and prior.quantity > 0 and current.quantity > 0:
        quantities = int(current.quantity * 10**4), int(prior.quantity * 10**4)
        listed, given, spent = (
            half_away(amount * quantities[0], quantities[1])
            for amount in (lists[0], discounts[0], prior.split_cost)
        )
        parts["volume"] = listed - given - spent - (prior.split_net - prior.split_cost)
        parts["list_price"] = lists[1] - listed
        parts["discount"] = given - discounts[1]
        parts["unit_cost"] = spent - current.split_cost
    if not current.is_there:
        parts["lost_product"] = -prior.profit
    if not prior.is_there:
        parts["new_product"] = current.profit
    total = current.profit - prior.profit
    parts["unexplained"] = total - sum(parts.values())
    sold = [day for day in (prior.last_sold, current.last_sold) if day]
    return (prior.profit, current.profit, *parts.values(), total, max(sold, default=None))


CHECKS = (families_are_recomputed,)
