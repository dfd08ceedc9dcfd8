"""When the business alerts of a run must wait for a human (ruling 22, section 4 item 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from keyaccounts.alerts.decide import MAX_ALERT_AGE
from keyaccounts.alerts.formats import money, percent
from keyaccounts.alerts.model import (
    OPEN_STATES,
    Candidate,
    ClosedMonth,
    Entry,
    Hold,
    RunContext,
)
from keyaccounts.texts import ENGLISH, Texts

CIRCUIT_BREAKER = "circuit_breaker"
BLOCKING_CHECK = "blocking_check"
MIN_DROPPED_UNITS = 5
MAX_DROPPED_PERCENT = 5
MAX_SHORTFALL_PERCENT = 30


def find_holds(
    candidates: Sequence[Candidate],
    entries: Mapping[str, Entry],
    a_units_by_month_end: Mapping[date, int],
    failed_checks: Sequence[str],
    closed_month: ClosedMonth | None,
    run: RunContext,
    released: frozenset[tuple[str, str]],
) -> tuple[Hold, ...]:
    """Return the holds of a run: failed blocking checks first, then the circuit breaker.

    `a_units_by_month_end` counts the units of official tier A; `failed_checks` are the blocking
    checks that differ at D; `released` holds (reason, scope) pairs that a person let go.
    """
    checks = [
        _hold(BLOCKING_CHECK, name, "check", check=name, day=run.as_of_date)
        for name in sorted(set(failed_checks))
    ]
    return (
        *checks,
        *_circuit_breaker(candidates, entries, a_units_by_month_end, run, released),
        *_shortfall(closed_month, released),
    )


def found_in(hold: Hold, texts: Texts) -> str:
    """Return what was found, in a language; `detail` says it in that of the ledger and the log."""
    return _found(hold.found, hold.facts, texts)


def _hold(reason: str, scope: str, found: str, **facts: object) -> Hold:
    return Hold(reason, scope, _found(found, facts, ENGLISH), found, facts)


def _found(found: str, facts: Mapping[str, Any], texts: Texts) -> str:
    if found == "check":
        return texts("hold.check", **facts)
    if found == "drops":
        return texts("hold.drops", **facts)
    return texts(
        "hold.shortfall",
        month=texts.month(facts["month"]),
        actual=money(facts["actual"]),
        ratio=percent(facts["ratio"], texts),
        forecast=money(facts["forecast"]),
    )


def _shortfall(month: ClosedMonth | None, released: frozenset[tuple[str, str]]) -> tuple[Hold, ...]:
    """A last closed month 30 % and more below its forecast looks like a half-loaded feed."""
    if month is None or month.forecast_amount <= 0:
        return ()
    scope, left_percent = f"{month.first_day:%Y-%m}", 100 - MAX_SHORTFALL_PERCENT
    is_short = month.actual_amount * 100 <= month.forecast_amount * left_percent
    if not is_short or (CIRCUIT_BREAKER, scope) in released:
        return ()
    return (
        _hold(
            CIRCUIT_BREAKER,
            scope,
            "shortfall",
            month=month.first_day,
            actual=month.actual_amount,
            ratio=month.actual_amount / month.forecast_amount - 1,
            forecast=month.forecast_amount,
        ),
    )


def _circuit_breaker(
    candidates: Sequence[Candidate],
    entries: Mapping[str, Entry],
    a_units_by_month_end: Mapping[date, int],
    run: RunContext,
    released: frozenset[tuple[str, str]],
) -> tuple[Hold, ...]:
    """An evaluation trips while one of its drops from A is still to be told."""
    drops = [
        event for event in candidates if event.alert_type == "tier_drop" and event.from_value == "A"
    ]
    counts = Counter(event.effective_date for event in drops)
    untold = {event.effective_date for event in drops if _is_untold(event, entries, run)}
    holds = []
    for effective_date in sorted(untold):
        dropped = counts[effective_date]
        before = [day for day in a_units_by_month_end if day < effective_date]
        a_units = a_units_by_month_end[max(before)] if before else 0
        is_many = dropped >= MIN_DROPPED_UNITS and dropped * 100 > a_units * MAX_DROPPED_PERCENT
        if is_many and (CIRCUIT_BREAKER, effective_date.isoformat()) not in released:
            holds.append(
                _hold(
                    CIRCUIT_BREAKER,
                    effective_date.isoformat(),
                    "drops",
                    dropped=dropped,
                    a_units=a_units,
                    day=effective_date,
                )
            )
    return tuple(holds)


def _is_untold(event: Candidate, entries: Mapping[str, Entry], run: RunContext) -> bool:
    entry = entries.get(event.event_key)
    if entry is not None:
        return entry.state in OPEN_STATES
    if not run.send or event.delivery == "none" or event.effective_date < run.go_live_date:
        return False
    return run.wall_date - event.effective_date <= MAX_ALERT_AGE
