"""Tiers recomputed from documents: shares, the state machine, its events (semantics 3.1, 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.properties.basics import half_away, month_number
from tests.properties.books import Books
from tests.properties.windows import Windows

RANK = {"A": 1, "B": 2, "C": 3}


@dataclass
class Rating:
    """One unit at one month-end."""

    unit: str
    count: int
    net: int
    profit: int
    measure: str
    tenure: int | None
    status: str = ""
    before: Fraction | None = None
    share: Fraction | None = None
    raw: str = "C"
    tier: str = ""
    was: str | None = None
    streak: int = 0
    is_at_risk: bool = False
    months: set[int] = field(default_factory=set)

    @property
    def is_one_off_bulk(self) -> bool:
        """Return whether one month of purchases alone made it an A or a B (T8)."""
        return bool(self.count) and self.raw in {"A", "B"} and len(self.months) == 1


@dataclass(frozen=True)
class Event:
    """One change of the official tier, or the first month of a run at risk."""

    unit: str
    day: date
    kind: str
    before: str | None
    after: str


def ratings(books: Books, windows: Windows) -> dict[date, dict[str, Rating]]:
    """Return every unit at every month-end, with its official tier."""
    found: dict[date, dict[str, Rating]] = {}
    for day in windows.tier_months:
        found[day] = _units(books, windows, day)
        _shares(found[day], books, day)
        _step(found[day], found.get(_month_before(found, day)), books, day)
    return found


def _month_before(found: dict[date, dict[str, Rating]], day: date) -> date:
    return next((d for d in found if month_number(d) == month_number(day) - 1), date.max)


def _units(books: Books, windows: Windows, day: date) -> dict[str, Rating]:
    """Return the units that exist at a month-end with the sums of their accounts."""
    identity, at_day = books.identity(day), windows.at(day)
    measure = windows.measure(day) if at_day else None
    name = measure.name if measure else "net_revenue"
    found: dict[str, Rating] = {}
    existing = {
        identity.unit[account]
        for account in books.versions
        if account not in identity.internal and exists(books, windows, account, day)
    }
    bought: dict[str, date] = {}
    for account in books.versions:
        if account in identity.internal:
            continue
        unit = identity.unit[account]
        days = books.purchases.get(account, [])
        if days:
            bought[unit] = min(bought.get(unit, days[0]), days[0])
        if unit not in existing:
            continue
        rating = found.setdefault(unit, Rating(unit, 0, 0, 0, name, None))
        window = at_day.get(account)
        if window:
            numbers = {month_number(d) for d in days}
            rating.months |= {n for n in numbers if 0 <= month_number(day) - n < 12}
            rating.count += window.count
            rating.net += window.net
            rating.profit += window.value(name)
    for unit, rating in found.items():
        if rating.count and unit in bought and bought[unit] <= day:
            rating.tenure = (day - bought[unit]).days
    return found


def exists(books: Books, windows: Windows, account: str, day: date) -> bool:
    """Return whether an account was created or had a document by a month-end (ruling 7)."""
    months = windows.cells.get(account, {})
    created = books.created(account)
    if not months and created is None:
        return True
    return (created is not None and created <= day) or (
        bool(months) and min(months) <= month_number(day)
    )


def _shares(found: dict[str, Rating], books: Books, day: date) -> None:
    rules = books.rule("tier_config", day)
    a, b = Fraction(rules["threshold_a"]), Fraction(rules["threshold_b"])
    active = [r for r in found.values() if r.count]
    total = sum(r.profit for r in active if r.profit > 0)
    for r in found.values():
        is_new = r.tenure is not None and r.tenure < int(rules["minimum_tenure_days"])
        r.status = "INACTIVE" if not r.count else "NEW" if is_new else "RATED"
        if not r.count:
            continue
        if total:
            r.share = Fraction(max(r.profit, 0), total)
            before = sum(o.profit for o in active if o.profit > max(r.profit, 0))
            r.before = Fraction(before, total) if r.profit > 0 else Fraction(1)
        if r.profit > 0 and r.before is not None:
            r.raw = "A" if r.before < a else "B" if r.before < b else "C"


def _step(now: dict[str, Rating], past: dict[str, Rating] | None, books: Books, day: date) -> None:
    """The official tier: two month-ends down beyond the band, one up beyond it."""
    rules = books.rule("tier_config", day)
    band, needed = Fraction(rules["band"]), int(rules["down_month_ends"])
    a, b = Fraction(rules["threshold_a"]), Fraction(rules["threshold_b"])
    for unit, r in now.items():
        was = past.get(unit) if past else None
        r.was = was.tier if was else None
        # Without any positive profit nobody has a share, and every rated unit stands at the end.
        c = Fraction(1) if r.before is None or r.profit <= 0 else r.before
        if r.status != "RATED":
            r.tier = r.status
        elif r.was not in RANK:
            r.tier = r.raw
        elif (r.was == "A" and c >= a + band) or (r.was == "B" and c >= b + band):
            streak = (was.streak if was else 0) + 1
            r.tier, r.streak = (r.raw, 0) if streak >= needed else (str(r.was), streak)
        elif r.profit > 0 and c < a - band:
            r.tier = "A"
        elif r.profit > 0 and r.was == "C" and c < b - band:
            r.tier = "B"
        else:
            r.tier = str(r.was)
        r.is_at_risk = r.status == "RATED" and RANK[r.raw] > RANK[r.tier]


def events(books: Books, rated: dict[date, dict[str, Rating]]) -> list[Event]:
    """Return the differences of consecutive month-ends, and the watches."""
    found = []
    for day, units in rated.items():
        past = rated.get(_month_before(rated, day), {})
        for unit, r in units.items():
            kind = _kind(r, day)
            if kind:
                found.append(Event(unit, day, kind, r.was, r.tier))
            if r.is_at_risk and not (unit in past and past[unit].is_at_risk):
                found.append(Event(unit, day, "watch", r.tier, r.raw))
    return found


def _kind(r: Rating, day: date) -> str | None:
    if r.was is None:
        return "first_rating" if r.tier in RANK else None
    if r.was == r.tier:
        return None
    if r.tier == "INACTIVE":
        return "lapsed"
    if r.was == "INACTIVE":
        # Bought before this month, as the month-end before saw no sale for twelve months.
        return "reactivated" if r.tenure is not None and r.tenure >= day.day else "first_purchase"
    if r.tier == "NEW":
        return "first_purchase"
    if r.was == "NEW":
        return "first_rating"
    return "drop" if RANK[r.tier] > RANK[r.was] else "rise"


def ratio(value: Fraction | None) -> Decimal | None:
    """Return a share as the marts round it: six decimals, half away from zero."""
    if value is None:
        return None
    return Decimal(half_away(value.numerator * 10**6, value.denominator)) / 10**6
