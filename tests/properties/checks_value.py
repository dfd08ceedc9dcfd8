"""Properties of lifetime value, of transitions and of provisional tiers (I20, I30)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.properties import outlook
from tests.properties.basics import add_months, half_away, month_end
from tests.properties.crowd import Case, cents, difference
from tests.properties.outlook import LEVEL, raw_tier
from tests.properties.tiers import Rating, ratio


def transitions_are_recomputed(case: Case) -> Iterator[str]:
    """I20: how many units went from each tier to each, and the time from B to A."""
    words = ("none", "A", "B", "C", "NEW", "INACTIVE")
    expected = {}
    for day, units in case.ratings.items():
        pairs: dict[tuple[str, str], list[Rating]] = defaultdict(list)
        for r in units.values():
            pairs[r.was or "none", r.tier].append(r)
        for was in words:
            total = sum(len(pairs[was, tier]) for tier in words[1:])
            for tier in words[1:]:
                moved = pairs[was, tier]
                expected[day, was, tier] = (
                    len(moved), sum(r.profit for r in moved),
                    ratio(Fraction(len(moved), total)) if total else None,
                    _median(case, day) if (was, tier) == ("B", "A") else None,
                )  # fmt: skip
    found = {
        (r["month_end"], r["from_tier"], r["to_tier"]): (
            r["units_count"], cents(r["ttm_profit_amount"]), r["units_ratio"],
            r["median_months_to_rise"],
        )
        for r in case.mart("tier_transitions")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _median(case: Case, day: date) -> int | None:
    """Return the Kaplan-Meier median of the months in B, from the spells known at a month-end."""
    spells: list[tuple[int, bool]] = []
    days = [d for d in case.ratings if d <= day]
    running: dict[str, int] = {}
    for now in days:
        units = case.ratings[now]
        for unit in [u for u in running if u not in units]:
            spells.append((running.pop(unit), False))
        for unit, r in units.items():
            if unit in running and r.was == "B":
                months = running.pop(unit) + 1
                if r.tier == "B":
                    running[unit] = months
                else:
                    spells.append((months, r.tier == "A"))
            elif r.tier == "B" and now > days[0] and r.was != "B":
                running[unit] = 0
    spells += [(months, False) for months in running.values()]
    kept = Fraction(1)
    for months in sorted({m for m, is_rise in spells if is_rise}):
        asked = sum(m >= months for m, _ in spells)
        kept *= 1 - Fraction(sum(m == months and is_rise for m, is_rise in spells), asked)
        if kept <= Fraction(1, 2):
            return months
    return None


def values_are_recomputed(case: Case) -> Iterator[str]:
    """I30: churn by segment, a year's profit, lifetime values and ranks."""
    expected: dict[tuple[date, str], tuple] = {}
    for day, units in case.ratings.items():
        rules = case.books.rule("value_config", day)
        d, floor = Fraction(rules["discount_rate"]), Fraction(rules["churn_floor"])
        churned, retained = Fraction(rules["prior_churned"]), Fraction(rules["prior_retained"])
        segments, years = _segments(case, day), {}
        for unit, r in units.items():
            if not r.count:
                continue
            opened, gone = segments.get((r.tier, _channel(case, unit, day)), (0, 0))
            c = (gone + churned) / (opened + churned + retained)
            prior = _year_before(case, day, unit)
            m = r.profit if prior is None else half_away(r.profit + prior, 2)
            used, half = max(c, floor), max(c / 2, floor)
            years[unit] = (r, c, used, m, prior, _rounded(m * (1 - used) / (d + used)), half)
        for unit, (r, c, used, m, prior, future, half) in years.items():
            rank = 1 + sum(o[5] > future for o in years.values())
            year_rank = 1 + sum(o[0].profit > r.profit for o in years.values())
            gap = Fraction(year_rank - rank, len(years) - 1) if len(years) > 1 else Fraction(0)
            expected[day, unit] = (
                m, r.profit, ratio(c), ratio(used), ratio(1 / used), _rounded(m / used),
                _rounded(m * (1 + d) / (d + used)), future, _rounded(m * (1 - half) / (d + half)),
                rank, year_rank, ratio(gap),
                len(years) > 1 and abs(gap) >= Fraction(rules["rank_gap"]), prior is None,
            )  # fmt: skip
    money = ("ltv_simple_amount", "clv_incl_current_year_amount", "clv_future_amount",
             "clv_half_churn_amount")  # fmt: skip
    found = {
        (r["month_end"], r["tier_unit_id"]): (
            cents(r["annual_profit_amount"]), cents(r["current_year_profit_amount"]),
            r["segment_churn_ratio"], r["churn_used_ratio"], r["expected_lifetime_years"],
            *(cents(r[column]) for column in money), r["clv_rank"],
            r["current_year_profit_rank"], r["rank_gap_ratio"], r["is_rank_gap_large"],
            r["is_short_history"],
        )
        for r in case.mart("account_value")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _rounded(value: Fraction | int) -> int:
    value = Fraction(value)
    return half_away(value.numerator, value.denominator)


def _channel(case: Case, unit: str, day: date) -> str:
    return case.books.at(unit, day)["channel"] or "unknown"


def _members(case: Case, day: date) -> dict[str, list[str]]:
    identity, found = case.books.identity(day), defaultdict(list)
    for account, unit in identity.unit.items():
        if account not in identity.internal:
            found[unit].append(account)
    return found


def _segments(case: Case, day: date) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many units opened the year with a book, and how many have none now."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    if day not in case.windows.bridge_months:
        return found
    before = month_end(add_months(day.replace(day=1), -12))
    opening, closing = case.windows.at(before), case.windows.at(day)
    for unit, accounts in _members(case, day).items():
        books = [sum(w[a].net for a in accounts if a in w) for w in (opening, closing)]
        past = case.ratings[before].get(unit)
        if books[0] > 0 and past and unit in case.ratings[day]:
            segment = (past.tier, _channel(case, unit, day))
            opened, gone = found.get(segment, (0, 0))
            found[segment] = (opened + 1, gone + (books[1] <= 0))
    return found


def _year_before(case: Case, day: date, unit: str) -> int | None:
    """Return the profit of the year before, where it is known and the unit bought before it."""
    if day not in case.windows.bridge_months:
        return None
    start = add_months(day.replace(day=1), -23)
    accounts = _members(case, day)[unit]
    days = [case.books.purchases[a][0] for a in accounts if case.books.purchases.get(a)]
    before = month_end(add_months(day.replace(day=1), -12))
    known = ("net_revenue", "gross_profit", "contribution_profit")
    then, now = (case.windows.measure(d).name for d in (before, day))
    if not days or min(days) > start or known.index(then) < known.index(now):
        return None
    windows = case.windows.at(before)
    return sum(windows[a].value(now) for a in accounts if a in windows)


def provisional_tiers_are_recomputed(case: Case) -> Iterator[str]:
    """D3: where each unit stands today, and at the next month-end if the forecasts hold."""
    last = outlook.last_month(case)
    official, ahead = case.ratings.get(last, {}), outlook.predicted(case)
    expected = {}
    for unit, now in outlook.today(case).items():
        past, then = official.get(unit), ahead.get(unit)
        if then and not then.is_known:
            then = None
        level = LEVEL.get(past.tier, 9) if past else 9
        expected[unit] = (
            past.tier if past else None, now.tier, now.profit, ratio(now.before),
            past.streak if past else 0, level <= 2 and LEVEL.get(now.tier, 0) > level,
            then.tier if then else None, then.profit if then else None, then is not None,
            bool(then) and LEVEL.get(then.tier, 0) > level, month_end(last + timedelta(days=1)),
        )  # fmt: skip
    found = {
        r["tier_unit_id"]: (
            r["official_tier"], r["provisional_tier"], cents(r["ttm_profit_amount"]),
            r["cum_share_before_ratio"], r["down_streak_count"], r["is_at_risk"],
            r["predicted_tier"], cents(r["predicted_profit_amount"]), r["has_forecast"],
            r["is_predicted_worse"], r["predicted_for_month_end"],
        )
        for r in case.mart("provisional_tiers")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def distances_are_the_smallest(case: Case) -> Iterator[str]:
    """A unit that loses just what it may keeps its raw tier, a cent more and it falls; and up."""
    units = outlook.today(case)
    rules = case.books.rule("tier_config", case.books.end)
    a, b = Fraction(rules["threshold_a"]), Fraction(rules["threshold_b"])
    for row in case.mart("provisional_tiers"):
        unit = units[row["tier_unit_id"]]
        others = [u.profit for n, u in units.items() if n != row["tier_unit_id"] and u.has_lines]

        def tier(profit: int, others: list[int] = others) -> int:
            above = sum(p for p in others if p > profit)
            total = sum(p for p in [*others, profit] if p > 0)
            return LEVEL[raw_tier(profit, above, total, a, b)]

        keep, rise = cents(row["profit_to_keep_amount"]), cents(row["profit_to_rise_amount"])
        level = LEVEL[unit.raw] if unit.raw else None
        if (keep is None) != (level in {None, 3}) or (rise is None) != (level in {None, 1}):
            yield f"{row['tier_unit_id']}: raw {unit.raw}, keep {keep}, rise {rise}"
            continue
        if keep is not None and not (
            tier(unit.profit - keep) == level and tier(unit.profit - keep - 1) > level
        ):
            yield f"{row['tier_unit_id']}: {keep} of {unit.profit} is not what keeps {unit.raw}"
        if rise is not None and not (
            tier(unit.profit + rise) < level and tier(unit.profit + rise - 1) == level
        ):
            yield f"{row['tier_unit_id']}: {rise} to {unit.profit} does not lead above {unit.raw}"


CHECKS = (
    transitions_are_recomputed, values_are_recomputed, provisional_tiers_are_recomputed,
    distances_are_the_smallest,
)  # fmt: skip
