"""Cause, severity and figures of tier events, recomputed (semantics 3.1, 4, rulings 10 to 12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from tests.properties.basics import month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.harness import Row
from tests.properties.old_rules import old_states
from tests.properties.tiers import RANK, Rating, ratio

NEGATIVE = {"drop", "lapsed", "watch"}
LEVELS = ("info", "low", "medium", "high", "critical")
BASE = {
    ("drop", "A", "B"): "high", ("drop", "A", "C"): "critical", ("drop", "B", "C"): "medium",
    ("lapsed", "A", "INACTIVE"): "critical", ("lapsed", "B", "INACTIVE"): "high",
    ("lapsed", "C", "INACTIVE"): "low", ("lapsed", "NEW", "INACTIVE"): "low",
}  # fmt: skip
SET_TO_INFO = {
    "config_change": "lowered_config_change",
    "hierarchy_change": "lowered_hierarchy_change",
    "one_off_roll_off": "lowered_one_off",
}


def causes_and_severities_are_recomputed(case: Case) -> Iterator[str]:
    """Why an event came about and how bad it is: rulings 10 to 12, decisions 13 to 16."""
    overdue, lonely = _overdue(case), _lonely(case)
    for row in case.mart("tier_events"):
        cause = _cause(case, row)
        base = BASE.get((row["event_type"], row["from_tier"], row["to_tier"]), "info")
        base = "low" if row["event_type"] == "watch" else base
        day, unit = row["effective_date"], row["tier_unit_id"]
        level, reasons = LEVELS.index(base), []
        is_heavy = _is_heavy(case, row, overdue.get((day, unit), 0))
        if cause in SET_TO_INFO:
            reasons += [SET_TO_INFO[cause]] if level else []
            level = 0
        else:
            steps = 0
            if cause == "relative":
                reasons += ["lowered_relative"] if level else []
                steps -= 1
            if row["event_type"] == "drop" and is_heavy:
                reasons.append("overdue_90_over_10pct_of_profit")
            if row["event_type"] == "drop" and (day, unit) in lonely:
                reasons.append("single_threaded")
            if row["event_type"] == "drop" and _was_largest(case, row):
                reasons.append("top1_account")
            # At most one step up, however many reasons there are.
            steps += any(not r.startswith("lowered") for r in reasons)
            level = max(0, min(4, level + steps))
        expected = (cause, base, LEVELS[level], "|".join(reasons) or None, level < 3)
        found = tuple(row[c] for c in ("cause", "base_severity", "severity", "severity_reasons",
                                       "is_digest_only"))  # fmt: skip
        if expected != found:
            yield f"{row['event_key']}: expected {expected}, found {found}"


def _lonely(case: Case) -> set[tuple[date, str]]:
    """Return month-ends and units where all accounts that are spoken with hang on few."""
    found: dict[tuple[date, str], set[bool]] = defaultdict(set)
    for r in case.mart("relationship_stages"):
        unit = case.books.identity(r["as_of_date"]).unit[r["account_id"]]
        if r["activities_count"]:
            found[r["as_of_date"], unit].add(r["is_single_threaded"])
    return {key for key, verdicts in found.items() if verdicts == {True}}


def _cause(case: Case, row: Row) -> str | None:
    if row["event_type"] not in NEGATIVE:
        return None
    day, unit = row["effective_date"], row["tier_unit_id"]
    if _is_by_rules(case, row):
        return "config_change"
    number = month_number(day)
    streak = int(case.books.rule("tier_config", day)["down_month_ends"])
    months = range(number - streak + 1 if row["event_type"] == "drop" else number, number + 1)
    if sum(_moved(case, unit, n) for n in months) < 0:
        return "hierarchy_change"
    back = {"drop": (1, 2), "lapsed": (1,), "watch": ()}[row["event_type"]]
    if any(_has_bulk_leaving(case, unit, number - n) for n in back):
        return "one_off_roll_off"
    change = row["own_profit_change_amount"]
    if row["event_type"] != "lapsed" and change is not None and change >= 0:
        return "relative"
    return "own_decline"


def _month(case: Case, number: int) -> date | None:
    return next((m for m in case.books.months if month_number(m) == number), None)


def _rating(case: Case, unit: str, number: int) -> Rating | None:
    day = _month(case, number)
    return case.ratings.get(day, {}).get(unit) if day else None


def _moved(case: Case, unit: str, number: int) -> int:
    """Return the profit that members brought into a unit in a month, less what others took."""
    day, before = _month(case, number), _month(case, number - 1)
    if day is None or before is None:
        return 0
    measure = case.windows.measure(day).name
    new, old = case.books.identity(day).unit, case.books.identity(before).unit
    return sum(
        window.value(measure) * ((new[a] == unit) - (old[a] == unit))
        for a, window in case.windows.at(day).items()
    )


def _has_bulk_leaving(case: Case, unit: str, number: int) -> bool:
    """Return whether a bulk purchase stood in the first month of the window of a month-end."""
    r = _rating(case, unit, number)
    return bool(r and r.status == "RATED" and r.is_one_off_bulk and min(r.months) == number - 11)


def _is_by_rules(case: Case, row: Row) -> bool:
    """Return whether the machine under the old rules would have kept the tier (decision 15)."""
    states = old_states(case, row["tier_unit_id"])
    number = month_number(row["effective_date"])
    if number not in states:
        return False
    old_tier, old_raw = states[number]
    if row["event_type"] == "watch":
        return not (old_raw in RANK and RANK[old_raw] > RANK[row["from_tier"]])
    return old_tier == row["from_tier"]


def _overdue(case: Case) -> dict[tuple[date, str], int]:
    """Return what each unit owes more than 90 days past due at each month-end, in cents."""
    found: dict[tuple[date, str], int] = defaultdict(int)
    for r in case.mart("receivables_aging"):
        day = r["as_of_date"]
        found[day, case.books.identity(day).unit[r["account_id"]]] += int(
            r["overdue_90_plus_amount"] * 100
        )
    return found


def _is_heavy(case: Case, row: Row, overdue: int) -> bool:
    rule = case.books.rule("alert_rules", row["effective_date"], rule="overdue_90_share_of_profit")
    profit = case.ratings[row["effective_date"]][row["tier_unit_id"]].profit
    return overdue > 0 and overdue > profit * Fraction(rule["amount"])


def _was_largest(case: Case, row: Row) -> bool:
    """Return whether nobody earned more at the last month-end before the streak."""
    needed = int(case.books.rule("tier_config", row["effective_date"])["down_month_ends"])
    number = month_number(row["effective_date"]) - needed
    r, day = _rating(case, row["tier_unit_id"], number), _month(case, number)
    if r is None or day is None or not r.count:
        return False
    return all(o.profit <= r.profit for o in case.ratings[day].values() if o.count)


def event_figures_are_recomputed(case: Case) -> Iterator[str]:
    """Threshold change, profit to regain, ratio and levels of an event (decision 17)."""
    columns = ("threshold_change_amount", "profit_to_regain_amount", "profit_current_amount")
    for row in case.mart("tier_events"):
        unit, day = row["tier_unit_id"], row["effective_date"]
        profit = case.ratings[day][unit].profit
        prior, change = row["profit_prior_amount"], row["own_profit_change_amount"]
        share = ratio(Fraction(change) / Fraction(prior)) if prior and prior > 0 else None
        levels = (
            RANK[row["to_tier"]] - RANK[row["from_tier"]] if row["event_type"] == "drop" else None
        )
        expected = (_threshold_change(case, row), _regain(case, row), profit, share, levels,
                    case.books.at(unit, day)["owner_user_id"])  # fmt: skip
        found = (*(cents(row[c]) for c in columns), row["own_profit_change_ratio"],
                 row["levels_dropped_count"], row["owner_user_id"])  # fmt: skip
        if expected != found:
            yield f"{row['event_key']}: expected {expected}, found {found}"


def _threshold_change(case: Case, row: Row) -> int | None:
    tiers = {"A": {"A"}, "B": {"A", "B"}}.get(row["from_tier"])
    now, then = (
        _month(case, month_number(row["effective_date"])),
        _month(case, month_number(row["effective_date"]) - 12),
    )
    if tiers is None or now is None or then is None:
        return None
    least = [
        [r.profit for r in case.ratings.get(d, {}).values()
         if r.count and r.raw in tiers and r.profit > 0]
        for d in (now, then)
    ]  # fmt: skip
    return min(least[0]) - min(least[1]) if all(least) else None


def _regain(case: Case, row: Row) -> int | None:
    """Return the least additional profit, in cents, that holds the tier, by bisection."""
    if row["event_type"] not in NEGATIVE or row["from_tier"] not in {"A", "B"}:
        return None
    day, unit = row["effective_date"], row["tier_unit_id"]
    rules = case.books.rule("tier_config", day)
    limit = Fraction(rules[f"threshold_{row['from_tier'].lower()}"])
    limit -= Fraction(rules["band"]) if row["event_type"] == "drop" else 0
    others = [r.profit for u, r in case.ratings[day].items() if u != unit and r.profit > 0]
    own = case.ratings[day][unit].profit
    if not others:
        return None

    def holds(profit: int) -> bool:
        return sum(o for o in others if o > profit) < limit * (sum(others) + profit)

    low, high = max(own, 0), max(others)
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high - own


def bulk_purchases_are_flagged(case: Case) -> Iterator[str]:
    """T8: a bulk purchase is flagged on the month-ends at which it stands alone."""
    expected = {
        (day, unit): r.is_one_off_bulk for day, units in case.ratings.items()
        for unit, r in units.items()
    }  # fmt: skip
    found = {(r["month_end"], r["tier_unit_id"]): r["is_one_off_bulk"]
             for r in case.mart("account_tiers")}  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (
    causes_and_severities_are_recomputed,
    event_figures_are_recomputed,
    bulk_purchases_are_flagged,
)
