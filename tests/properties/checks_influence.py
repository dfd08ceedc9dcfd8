"""Properties of influence and prospects of units (Q1, Q2, Q5, Q6)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.properties.crowd import Case, cents, difference
from tests.properties.influence import Influence, grounds
from tests.properties.prospects import Prospect


def influence_is_recomputed(case: Case) -> Iterator[str]:
    """Every unit at every month-end: rating, referrals with their profit, opened industry."""
    found = {
        (r["month_end"], r["tier_unit_id"]): Influence(
            r["influence_score"], r["referred_accounts_count"], cents(r["referred_profit_amount"]),
            r["opened_industry_code"], r["followers_count"],
        )
        for r in case.mart("int_candidates__influence")
    }  # fmt: skip
    if problem := difference(case.influences, found):
        yield problem


def prospects_are_recomputed(case: Case) -> Iterator[str]:
    """Every unit at every month-end: class as an adopter, growth by us and by itself, breadth."""
    found = {
        (r["month_end"], r["tier_unit_id"]): Prospect(
            r["adopter_class"], r["own_growth_score"], r["purchase_growth_ratio"],
            r["breadth_growth_count"],
        )
        for r in case.mart("int_candidates__prospects")
    }  # fmt: skip
    if problem := difference(case.prospects, found):
        yield problem


def raters_of_influence_are_recomputed(case: Case) -> Iterator[str]:
    """Q1: who made the rating of each candidate, and whether it has evidence."""
    rows = case.mart("quasi_key_accounts")
    of_day = {day: grounds(case.books, day) for day in {r["month_end"] for r in rows}}
    expected, found = {}, {}
    for r in rows:
        key = r["month_end"], r["tier_unit_id"]
        expected[key] = of_day[r["month_end"]].get(r["tier_unit_id"], (None, False))
        found[key] = r["influence_rater"], r["has_influence_evidence"]
    if problem := difference(expected, found):
        yield problem


CHECKS = (influence_is_recomputed, prospects_are_recomputed, raters_of_influence_are_recomputed)
