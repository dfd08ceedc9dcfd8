"""Property of effort against profit by tier unit (D8, D9)."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.properties.basics import business_day, half_away, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.relationships import AUTOMATIC
from tests.properties.tiers import Rating, ratio

# Account, user, day, whether both sides spoke, minutes.
Activity = tuple[str, str | None, date, bool, int | None]


def efforts_are_recomputed(case: Case) -> Iterator[str]:
    """D8, D9: share of effort against share of profit, and who is left for C units."""
    activities = [
        (
            r["account_id"],
            r.get("user_id"),
            business_day(r["activity_at"]),
            r["is_two_way"] is True,
            r.get("duration_minutes"),
        )
        for r in case.inputs.rows.get("crm_activities", [])
        if (r.get("channel") or "").lower() not in AUTOMATIC
    ]
    expected: dict[tuple[date, str], tuple] = {}
    for day, units in case.ratings.items():
        expected |= _month(case, day, units, activities)
    found = {
        (r["month_end"], r["tier_unit_id"]): (
            r["activities_count"], r["activity_ratio"], r["profit_share_ratio"],
            r["effort_to_profit_ratio"], r["tier_effort_to_profit_ratio"], r["owner_user_id"],
            r["is_underserved"], r["owner_c_activities_count"], r["is_neglected"],
            cents(r["effort_hours"]), r["effort_hours_ratio"], r["timed_activities_ratio"],
        )
        for r in case.mart("effort_mismatch")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _month(
    case: Case, day: date, units: dict[str, Rating], activities: list[Activity]
) -> dict[tuple[date, str], tuple]:
    books, identity = case.books, case.books.identity(day)
    rules = {
        name: Fraction(books.rule("alert_rules", day, rule=name)["amount"])
        for name in (
            "underserved_effort_to_profit", "neglected_days", "neglected_c_activities",
            "minimum_timed_share",
        )
    }  # fmt: skip
    limit = int(books.rule("contact_limits", day, tier="A")["limit_days"])
    counts: Counter[str] = Counter()
    timed: Counter[str] = Counter()
    minutes: Counter[str] = Counter()
    on_c: Counter[str] = Counter()
    spoken: set[str] = set()
    for account, user, when, is_two_way, took in activities:
        if account in identity.internal or account not in identity.unit or when > day:
            continue
        unit = identity.unit[account]
        is_counted = month_number(day) - 12 < month_number(when)
        counts[unit] += is_counted
        timed[unit] += is_counted and took is not None
        minutes[unit] += (took or 0) * is_counted
        if user and unit in units and units[unit].tier == "C":
            on_c[user] += when > day - timedelta(days=int(rules["neglected_days"]))
        if is_two_way and when >= day - timedelta(days=limit):
            spoken.add(unit)
    total, all_minutes = sum(counts.values()), sum(minutes.values())
    enough = rules["minimum_timed_share"]
    is_timed = total > 0 and sum(timed.values()) >= total * enough
    profits = {unit: max(r.profit, 0) for unit, r in units.items()}
    earned: dict[str, int] = defaultdict(int)
    served: dict[str, int] = defaultdict(int)
    for unit, r in units.items():
        earned[r.tier] += profits[unit]
        served[r.tier] += counts[unit]
    everything = sum(profits.values())

    def share(part: int, whole: int) -> Fraction | None:
        return Fraction(part, whole) if whole else None

    def against(effort: int, profit: int) -> Fraction | None:
        """Return the share of effort over the share of profit."""
        return Fraction(effort * everything, total * profit) if total and profit else None

    def shown(value: Fraction | None) -> object:
        return None if value is None else ratio(value)

    found = {}
    for unit, r in units.items():
        owner = books.at(unit, day)["owner_user_id"]
        is_known = is_timed and timed[unit] >= counts[unit] * enough
        fit = against(counts[unit], profits[unit])
        on_others = on_c[owner] if owner else 0
        found[day, unit] = (
            counts[unit] if total else None, shown(share(counts[unit], total)),
            shown(share(profits[unit], everything)), shown(fit),
            shown(against(served[r.tier], earned[r.tier])), owner,
            r.tier == "A" and fit is not None and fit < rules["underserved_effort_to_profit"],
            on_others,
            r.tier == "A" and unit not in spoken and on_others >= rules["neglected_c_activities"],
            half_away(minutes[unit] * 100, 60) if is_known else None,
            shown(share(minutes[unit], all_minutes)) if is_known else None,
            shown(share(timed[unit], counts[unit])) if total else None,
        )  # fmt: skip
    return found


def neglect_is_told(case: Case) -> Iterator[str]:
    """D9: a unit is told of at the first month-end of each run of neglect."""
    rows = sorted(case.mart("effort_mismatch"), key=lambda r: r["month_end"])
    before: dict[str, bool] = {}
    expected = {}
    for r in rows:
        unit, day = r["tier_unit_id"], r["month_end"]
        if r["is_neglected"] and not before.get(unit):
            expected[unit, day] = (
                "high", "immediate", r["owner_user_id"], case.ratings[day][unit].profit,
                r["activities_count"], r["owner_c_activities_count"],
            )  # fmt: skip
        before[unit] = r["is_neglected"]
    found = {}
    for r in case.mart("alert_events"):
        if r["alert_type"] == "neglected_a":
            payload = json.loads(r["payload"])
            found[r["unit_id"], r["effective_date"]] = (
                r["severity"], r["delivery"], r["owner_user_id"], cents(r["at_stake_amount"]),
                payload["activities_count"], payload["owner_c_activities_count"],
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (efforts_are_recomputed, neglect_is_told)
