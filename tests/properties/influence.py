"""Influence of units recomputed from the rows: ratings, referrals, openings (Q1, Q2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tests.properties.basics import Identity, add_months
from tests.properties.books import Books
from tests.properties.tiers import Rating, exists
from tests.properties.windows import Windows


@dataclass(frozen=True)
class Influence:
    """One unit at one month-end; profit in cents, None where no account names a source."""

    score: int | None = None
    accounts: int = 0
    profit: int | None = None
    industry: str | None = None
    followers: int | None = None


def influences(
    books: Books, windows: Windows, ratings: Mapping[date, Mapping[str, Rating]]
) -> dict[tuple[date, str], Influence]:
    """Return the influence of every unit at every month-end."""
    found = {}
    for day, units in ratings.items():
        identity = books.identity(day)
        scores = _scores(books, identity, day)
        introduced = _introduced(books, windows, identity, day)
        openings = _openings(books, identity, day)
        for unit in units:
            count, profit = (introduced or {}).get(unit, (0, 0))
            found[day, unit] = Influence(
                scores.get(unit), count, None if introduced is None else profit,
                *openings.get(unit, (None, None)),
            )  # fmt: skip
    return found


def _externals(books: Books, identity: Identity) -> list[str]:
    return [a for a in books.versions if a not in identity.internal]


def _scores(books: Books, identity: Identity, day: date) -> dict[str, int]:
    """Return the best rating of each unit that has not expired."""
    months = int(books.rule("candidate_config", day)["influence_months"])
    found: dict[str, int] = {}
    for account in _externals(books, identity):
        version, unit = books.at(account, day), identity.unit[account]
        score, rated = version.get("influence_score"), version.get("influence_rated_on")
        if score is not None and rated and add_months(day, -months) < rated <= day:
            found[unit] = max(found.get(unit, 0), score)
    return found


def grounds(books: Books, day: date) -> dict[str, tuple[str, bool]]:
    """Return who made the best rating of each unit, and whether it says what it rests on."""
    identity = books.identity(day)
    best = _scores(books, identity, day)
    months = int(books.rule("candidate_config", day)["influence_months"])
    raters: dict[str, set[str]] = defaultdict(set)
    with_words = set()
    for account in _externals(books, identity):
        version, unit = books.at(account, day), identity.unit[account]
        score, rated = version.get("influence_score"), version.get("influence_rated_on")
        if score is None or score != best.get(unit) or not rated:
            continue
        if not add_months(day, -months) < rated <= day:
            continue
        rater = version["influence_rated_by_user_id"]
        is_owner = rater == books.at(account, rated)["owner_user_id"]
        raters[unit].add("unknown" if rater is None else "owner" if is_owner else "other")
        if (version["influence_evidence"] or "").strip():
            with_words.add(unit)
    return {unit: (min(kinds), unit in with_words) for unit, kinds in raters.items()}


def _introduced(
    books: Books, windows: Windows, identity: Identity, day: date
) -> dict[str, tuple[int, int]] | None:
    """Return how many customers each unit brought, and their profit; None where no one says."""
    known = [a for a in _externals(books, identity) if exists(books, windows, a, day)]
    pairs = [
        (source, account)
        for account in known
        if (source := books.at(account, day).get("referred_by_account_id")) in known
    ]
    if not pairs:
        return None
    customers: dict[str, set[str]] = defaultdict(set)
    profit: dict[str, int] = defaultdict(int)
    at_day = windows.at(day)
    for source, account in pairs:
        unit = identity.unit[source]
        if unit != identity.unit[account]:
            customers[unit].add(identity.customer[account])
            if account in at_day:
                profit[unit] += at_day[account].value(windows.measure(day).name)
    return {unit: (len(brought), profit[unit]) for unit, brought in customers.items()}


def _openings(books: Books, identity: Identity, day: date) -> dict[str, tuple[str, int]]:
    """Return the first industry by code that each unit opened, and how many followed there."""
    months = int(books.rule("candidate_config", day)["follower_months"])
    firsts: dict[str, dict[str, date]] = defaultdict(dict)
    unit_of = {}
    for account in _externals(books, identity):
        days = [d for d in books.purchases.get(account, []) if d <= day]
        industry, customer = books.at(account, day).get("industry_code"), identity.customer[account]
        unit_of[customer] = identity.unit[account]
        if days and industry:
            earliest = firsts[industry].get(customer, date.max)
            firsts[industry][customer] = min(earliest, *days)
    found: dict[str, tuple[str, int]] = {}
    for industry in sorted(firsts, reverse=True):
        opened = min(firsts[industry].values())
        openers = {unit_of[c] for c, first in firsts[industry].items() if first == opened}
        last = add_months(opened, months)
        came = [c for c, first in firsts[industry].items() if opened < first <= last]
        for unit in openers:
            found[unit] = (industry, sum(unit_of[c] != unit for c in came))
    return found
