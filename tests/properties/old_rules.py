"""The state machine under the rules before, in the first months under new ones (decision 15)."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.basics import month_number
from tests.properties.crowd import Case
from tests.properties.harness import Row
from tests.properties.tiers import RANK, Rating


def old_states(case: Case, unit: str) -> dict[int, tuple[str, str]]:
    """Return tier and raw tier under the rules before, in the first months under new ones."""
    found: dict[int, tuple[str, str]] = {}
    days = list(case.ratings)
    rules = [case.books.rule("tier_config", d) for d in days]
    for place in range(1, len(days)):
        old, new = rules[place - 1], rules[place]
        if old["valid_from"] == new["valid_from"]:
            continue
        span = max(int(old["down_month_ends"]), int(new["down_month_ends"]))
        was = case.ratings[days[place - 1]].get(unit)
        tier, streak = (was.tier, was.streak) if was else (None, 0)
        for later in range(place, min(place + span, len(days))):
            r = case.ratings[days[later]].get(unit)
            if r is None or rules[later]["valid_from"] != new["valid_from"]:
                break
            raw, tier, streak = _stepped(r, tier, streak, old)
            found[month_number(days[later])] = (tier, raw)
    return found


def _stepped(r: Rating, was: str | None, streak: int, rules: Row) -> tuple[str, str, int]:
    """Return raw tier, tier and streak of one evaluation under some rules."""
    a, b = Fraction(rules["threshold_a"]), Fraction(rules["threshold_b"])
    band, needed = Fraction(rules["band"]), int(rules["down_month_ends"])
    c = Fraction(1) if r.before is None or r.profit <= 0 else r.before
    raw = "C" if r.profit <= 0 else "A" if c < a else "B" if c < b else "C"
    if not r.count:
        return raw, "INACTIVE", 0
    if r.tenure is not None and r.tenure < int(rules["minimum_tenure_days"]):
        return raw, "NEW", 0
    if was not in RANK:
        return raw, raw, 0
    if (was == "A" and c >= a + band) or (was == "B" and c >= b + band):
        return (raw, raw, 0) if streak + 1 >= needed else (raw, str(was), streak + 1)
    if r.profit > 0 and c < a - band:
        return raw, "A", 0
    if r.profit > 0 and was == "C" and c < b - band:
        return raw, "B", 0
    return raw, str(was), 0
