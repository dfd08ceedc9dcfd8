"""Candidates for key account recomputed: what speaks for a unit, its score, what became of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from tests.properties.basics import add_months, half_away, month_number, to_cents
from tests.properties.books import Books
from tests.properties.rhythm import Rhythm
from tests.properties.tiers import Rating, ratio
from tests.properties.windows import Windows

LEVELS = ("active", "at_risk", "churned")
AT_LIMIT = Fraction(8, 10)


@dataclass
class Unit:
    """One unit that could be a candidate at a month-end: not A, and not lost."""

    tier: str
    profit: int
    state: str
    reasons: str
    score: Decimal
    coverage: Decimal
    ramp: Decimal | None
    wallet_share: Decimal | None
    exclusivity: str
    became_a: date | None = None
    is_complete: bool = False

    @property
    def is_candidate(self) -> bool:
        """Return whether it is on the list."""
        return bool(self.reasons)


class Candidates:
    """All units of a company that could be candidates, by month-end."""

    def __init__(
        self, books: Books, windows: Windows, ratings: dict[date, dict[str, Rating]],
        rhythms: dict[tuple[date, str], Rhythm], measures: dict[tuple[date, str], dict[str, Any]],
    ) -> None:  # fmt: skip
        """Take what is known of tiers and rhythms; `measures` hold influence and prospects."""
        self.books, self.windows, self.ratings = books, windows, ratings
        self.rhythms, self.measures = rhythms, measures
        self.amounts = _amounts(books)
        self.days = list(ratings)
        self.at = {day: self._units(day) for day in self.days}
        for day, units in self.at.items():
            months = int(books.rule("candidate_config", day)["conversion_months"])
            for name, unit in units.items():
                unit.became_a = self._next_a(day, name, months)
                last = self.days[-1]
                unit.is_complete = month_number(day) + months <= month_number(last)

    def members(self, day: date) -> dict[str, list[str]]:
        """Return the external accounts of each unit on a day."""
        identity, found = self.books.identity(day), defaultdict(list)
        for account, unit in identity.unit.items():
            if account not in identity.internal:
                found[unit].append(account)
        return found

    def _units(self, day: date) -> dict[str, Unit]:
        ratings, identity = self.ratings[day], self.books.identity(day)
        states: dict[str, int] = {}
        for (when, customer), rhythm in self.rhythms.items():
            if when == day:
                unit, level = identity.unit[customer], LEVELS.index(rhythm.state)
                states[unit] = min(states.get(unit, level), level)
        raw_a = [r.profit for r in ratings.values() if r.count and r.raw == "A"]
        members, wallets = self.members(day), self._wallets(day)
        return {
            name: self._unit(
                day, name, rating, LEVELS[states[name]], min(raw_a, default=None),
                self._ends(members[name], day), wallets.get(name),
            )
            for name, rating in ratings.items()
            if rating.tier != "A" and states.get(name, 2) < 2
        }  # fmt: skip

    def _unit(
        self, day: date, name: str, rating: Rating, state: str, threshold: int | None,
        ends: tuple[int, int] | None, wallet: tuple[int, int] | None,
    ) -> Unit:  # fmt: skip
        rules = {k: Fraction(v) for k, v in self.books.rule("candidate_config", day).items()
                 if k != "valid_from"}  # fmt: skip
        m = self.measures[day, name]
        rated, growth, adopter = m["influence_score"], m["own_growth_score"], m["adopter_class"]
        referred = m["referred_profit_amount"]
        influence = Fraction(rated or 0, 5)
        reasons = []
        is_influential = rated is not None and rated >= rules["minimum_influence_score"]
        if referred is not None and threshold is not None:
            limit = threshold * rules["referred_profit_share"]
            is_influential |= to_cents(referred) >= limit
            influence = max(influence, _part(to_cents(referred), limit))
        volume, is_growing = Fraction(0), False
        if ends and state == "active":
            first, last = ends
            is_growing = last >= first * rules["minimum_ramp_ratio"]
            volume = _part(last - first, first * (rules["minimum_ramp_ratio"] - 1))
        exclusivity = "not_assessed"
        if wallet:
            limit = wallet[1] * rules["exclusive_wallet_share"]
            exclusivity = "exclusive" if wallet[0] >= limit else "shared"
            volume = max(volume, _part(wallet[0], limit))
        prospect = max(
            Fraction(growth or 0, 5),
            {"innovator": Fraction(1), "early_adopter": AT_LIMIT}.get(adopter, Fraction(0)),
        )
        is_early = adopter in {"innovator", "early_adopter"}
        if is_influential:
            reasons.append("influence")
        if is_early or (growth is not None and growth >= rules["minimum_growth_score"]):
            reasons.append("prospect")
        if is_growing or exclusivity == "exclusive":
            reasons.append("volume")
        weights = [rules[f"{w}_weight"] for w in ("influence", "volume", "prospect")]
        known = [
            (rated is not None) + (referred is not None), (ends is not None) + (wallet is not None),
            ("erp_products" in self.books.inputs.rows) + (growth is not None),
        ]  # fmt: skip
        parts = [Fraction(ratio(p) or 0) for p in (influence, volume, prospect)]
        return Unit(
            rating.tier, rating.profit, state, "|".join(reasons),
            _exact(sum(w * p for w, p in zip(weights, parts, strict=True))),
            _exact(sum(w * Fraction(k, 2) for w, k in zip(weights, known, strict=True))),
            ratio(Fraction(ends[1], ends[0])) if ends else None,
            ratio(Fraction(wallet[0], wallet[1])) if wallet else None, exclusivity,
        )  # fmt: skip

    def _ends(self, accounts: list[str], day: date) -> tuple[int, int] | None:
        """Return the amounts of the first and the last four purchase days, None below eight."""
        amounts: dict[date, int] = defaultdict(int)
        for account in accounts:
            for bought_on, amount in self.amounts.get(account, []):
                if bought_on <= day:
                    amounts[bought_on] += amount
        ordered = [amounts[d] for d in sorted(amounts)]
        first, last = sum(ordered[:4]), sum(ordered[-4:])
        return (first, last) if len(ordered) >= 8 and first > 0 else None

    def _wallets(self, day: date) -> dict[str, tuple[int, int]]:
        """Return revenue and wallet of the customers of each unit that have an estimate."""
        books, identity, found = self.books, self.books.identity(day), {}
        months = int(books.rule("candidate_config", day)["wallet_months"])
        for customer in set(identity.customer.values()) - identity.internal:
            row = books.at(customer, day)
            stated_on = row["wallet_as_of_date"]
            if not row["wallet_amount"] or stated_on is None:
                continue
            if not add_months(day, -months) < stated_on <= day:
                continue
            windows = self.windows.at(day)
            revenue = sum(
                windows[a].net
                for a, c in identity.customer.items()
                if c == customer and a in windows and a not in identity.internal
            )
            before = found.get(identity.unit[customer], (0, 0))
            wallet = to_cents(row["wallet_amount"])
            found[identity.unit[customer]] = (before[0] + revenue, before[1] + wallet)
        return found

    def _next_a(self, day: date, unit: str, months: int) -> date | None:
        """Return the first month-end as A within so many months."""
        for later in self.days:
            if 0 < month_number(later) - month_number(day) <= months:
                rating = self.ratings[later].get(unit)
                if rating and rating.tier == "A":
                    return later
        return None

    def slope(self, day: date, unit: str) -> Decimal | None:
        """Return the Theil-Sen slope of the monthly revenue of twelve months, by its mean."""
        accounts, last = self.members(day)[unit], month_number(day)
        revenue = [
            sum(
                sums.net
                for account in accounts
                for sums in self.windows.cells.get(account, {}).get(month, {}).values()
            )
            for month in range(last - 11, last + 1)
        ]
        if sum(revenue) <= 0:
            return None
        slopes = sorted(
            Fraction(revenue[b] - revenue[a], b - a) for a, b in combinations(range(12), 2)
        )
        return ratio((slopes[32] + slopes[33]) / 2 / Fraction(sum(revenue), 12))

    def lift(self) -> tuple[Decimal | None, Decimal | None, Decimal | None, str]:
        """Return conversion of candidates and of the others, their quotient, and the verdict."""
        known = [u for units in self.at.values() for u in units.values() if u.is_complete]
        ours = [u.became_a is not None for u in known if u.is_candidate]
        others = [u.became_a is not None for u in known if not u.is_candidate]
        shares = [Fraction(sum(g), len(g)) if g else None for g in (ours, others)]
        lift = shares[0] / shares[1] if shares[0] is not None and shares[1] else None
        verdict = "not_yet_known"
        if shares[0] is not None and shares[1] is not None and (shares[0] or shares[1]):
            verdict = "useful" if shares[0] > shares[1] else "useless"
        return ratio(shares[0]), ratio(shares[1]), ratio(lift), verdict


def _amounts(books: Books) -> dict[str, list[tuple[date, int]]]:
    """Return the purchases of each account: day and net amount in cents."""
    net: dict[str, int] = defaultdict(int)
    for r in books.inputs.rows["erp_invoice_lines"]:
        net[r["invoice_id"]] += to_cents(r["net_amount"])
    found: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for key, r in books.bought.items():
        day = r["invoice_date"]
        amount = books.in_base(net[key], r["currency_code"], day)
        found[r["account_id"]].append((day, amount))
    return found


def _part(amount: int, limit: Fraction) -> Fraction:
    """Return how far an amount has come: 0.8 at the limit, never below 0 nor above 1."""
    return (
        min(max(AT_LIMIT * amount / limit, Fraction(0)), Fraction(1)) if limit > 0 else Fraction(0)
    )


def _exact(value: Fraction | int) -> Decimal:
    value = Fraction(value)
    return Decimal(half_away(value.numerator * 10**6, value.denominator)) / 10**6
