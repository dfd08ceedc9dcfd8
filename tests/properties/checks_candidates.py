"""Lifecycle of customers, candidates for key account and where A accounts come from (Q7, T10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from tests.properties.basics import month_number
from tests.properties.candidates import Candidates
from tests.properties.checks_profiles import compared
from tests.properties.crowd import Case, cents, difference
from tests.properties.rhythm import described_days


def lifecycle_is_recomputed(case: Case) -> Iterator[str]:
    """Rhythm, limits and state of each customer on each day; `accounts` repeats that of today."""
    expected = {
        key: (r.channel, r.purchases, r.purchases - 1, r.basis, r.p90, r.at_risk_after,
              r.churned_after, r.silence, r.state, r.first, r.last)
        for key, r in case.rhythms.items()
    }  # fmt: skip
    found = {
        (r["as_of_date"], r["customer_key"]): (
            r["channel"], r["purchases_count"], r["gaps_count"], r["basis"],
            *(r[c] if r[c] is None else Fraction(r[c])
              for c in ("p90_gap_days", "at_risk_after_days", "churned_after_days")),
            r["since_last_purchase_days"], r["lifecycle_state"], r["first_purchase_date"],
            r["last_purchase_date"])
        for r in case.mart("int_retention__lifecycle")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem
    identity, today = case.books.identity(case.books.end), described_days(case.books)[-1]
    states = {}
    for account in case.books.versions:
        rhythm = case.rhythms.get((today, identity.customer[account]))
        states[account] = (rhythm.state if rhythm else None,)
    yield from compared(case, states, "lifecycle_state")


def candidates_are_recomputed(case: Case) -> Iterator[str]:
    """Q7: who is on the list, why, how high, and what became of it; and who is to be grown."""
    all_ = case.candidates
    lift, expected = all_.lift(), {}
    for day, units in all_.at.items():
        before = all_.at.get(_month_before(all_, day), {})
        for name, u in units.items():
            if u.is_candidate:
                m = all_.measures[day, name]
                was = before.get(name)
                expected[day, name] = (
                    u.tier, u.state, u.reasons, u.score, u.coverage, u.ramp,
                    all_.slope(day, name), u.wallet_share, u.exclusivity,
                    *(m[c] for c in MEASURES), not (was and was.is_candidate), u.became_a,
                    u.is_complete or u.became_a is not None, *lift,
                )  # fmt: skip
    found = {
        (r["month_end"], r["tier_unit_id"]): tuple(
            r[c]
            for c in (
                "tier", "lifecycle_state", "reasons", "candidate_score_ratio", "coverage_ratio",
                "ramp_ratio", "revenue_slope_ratio", "wallet_share_ratio", "exclusivity", *MEASURES,
                "is_new_candidate", "became_a_date", "is_conversion_known", "conversion_ratio",
                "base_conversion_ratio", "lift_ratio", "lift_verdict",
            )
        )
        for r in case.mart("quasi_key_accounts")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem
    grown = {key for key in expected if expected[key][0] == "C"}
    told = {(r["month_end"], r["tier_unit_id"])
            for r in case.mart("account_tiers") if r["triage"] == "grow"}  # fmt: skip
    if grown != told:
        yield f"to be grown: expected {grown - told}, found {told - grown}"


MEASURES = (
    "influence_score", "referred_accounts_count", "referred_profit_amount", "opened_industry_code",
    "followers_count", "adopter_class", "own_growth_score", "purchase_growth_ratio",
    "breadth_growth_count",
)  # fmt: skip


def _month_before(all_: Candidates, day: date) -> date:
    return next((d for d in all_.days if month_number(d) == month_number(day) - 1), date.max)


def origins_are_recomputed(case: Case) -> Iterator[str]:
    """T10: who reached A, from which tier, and whether it had been on the list."""
    all_, expected = case.candidates, {}
    for day, units in case.ratings.items():
        for name, rating in units.items():
            if rating.tier != "A" or name in expected:
                continue
            months = int(case.books.rule("candidate_config", day)["conversion_months"])
            listed = [
                all_.at[d][name].reasons
                for d in all_.days
                if 0 < month_number(day) - month_number(d) <= months
                and name in all_.at[d] and all_.at[d][name].is_candidate
            ]  # fmt: skip
            reasons = sorted({word for text in listed for word in text.split("|")})
            is_first_month = day == all_.days[0]
            bought = [
                d
                for account in all_.members(day)[name]
                for d in case.books.purchases.get(account, [])
                if d <= day
            ]
            expected[name] = (
                day, rating.was or "none", bool(listed), "|".join(reasons) or None,
                None if is_first_month else len(listed),
                month_number(day) - month_number(min(bought)) if bought else None, is_first_month,
            )  # fmt: skip
    found = {
        r["tier_unit_id"]: (
            r["first_a_date"], r["previous_tier"], r["is_from_candidate"], r["candidate_reasons"],
            r["months_as_candidate_count"], r["months_from_first_purchase_count"],
            r["is_left_censored"])
        for r in case.mart("tier_origins")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def candidate_alerts_are_recomputed(case: Case) -> Iterator[str]:
    """A unit is told of when it comes onto the list and when it leaves it."""
    all_, expected = case.candidates, {}
    for day in all_.days:
        before, past = all_.at.get(_month_before(all_, day), {}), _month_before(all_, day)
        for name, rating in case.ratings[day].items():
            unit, was = all_.at[day].get(name), before.get(name)
            is_on, was_on = bool(unit and unit.is_candidate), bool(was and was.is_candidate)
            owner = case.books.at(name, day)["owner_user_id"]
            if is_on and not was_on:
                key = ("candidate_enter", name, day)
                expected[key] = (None, None, owner, rating.profit, unit.reasons)
            if was_on and not is_on and past != date.max:
                to = "A" if rating.tier == "A" else "out"
                key = ("candidate_exit", name, day)
                expected[key] = ("candidate", to, owner, rating.profit, was.reasons)
    found = {
        (r["alert_type"], r["unit_id"], r["effective_date"]): (
            r["from_value"], r["to_value"], r["owner_user_id"], cents(r["at_stake_amount"]),
            json.loads(r["payload"])["reasons"])
        for r in case.mart("alert_events")
        if r["source_mart"] == "quasi_key_accounts"
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (
    lifecycle_is_recomputed,
    candidates_are_recomputed,
    origins_are_recomputed,
    candidate_alerts_are_recomputed,
)
