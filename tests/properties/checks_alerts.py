"""How often alerts were raised, and how often they were right (semantics 4, point 13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from statistics import median

from tests.properties.basics import add_months, month_end
from tests.properties.crowd import Case, difference
from tests.properties.harness import Row
from tests.properties.tiers import ratio

STANDING = {"A": 1, "B": 2, "C": 3, "INACTIVE": 4}
OF_TIERS = {"tier_drop", "tier_watch", "tier_lapsed", "tier_rise", "tier_reactivated",
            "tier_config_change", "candidate_enter", "candidate_exit",
            "concentration_threshold"}  # fmt: skip
OF_RECEIVABLES = {"payment_trap_enter", "payment_trap_exit", "overdue_90_enter", "credit_watch",
                  "credit_hold", "owner_drag_review", "cash_control_review",
                  "reconciliation_failed"}  # fmt: skip
OF_DOCUMENTS = {"churn_state_enter", "won_back"}
OF_EFFORTS = {"neglected_a", "contact_overdue"}
OF_RELATIONSHIPS = {"single_threaded_enter", "stage_loss"}
OF_OWNERS = {"owner_left", "mass_departure"}
OF_PROMISES = {"promise_broken"}
NOBODY = "none"


def alert_quality_is_recomputed(case: Case) -> Iterator[str]:
    """A row for each type that could be raised in a month: its events, owners and what became."""
    expected = {}
    for day in case.books.months:
        types = OF_DOCUMENTS | (OF_RECEIVABLES if case.has_receivables else set())
        if case.has_receivables and "erp_payment_promises" in case.inputs.rows:
            types = types | OF_PROMISES
        types = types | (OF_TIERS if day in case.windows.tier_months else set())
        types = types | ({"bought_growth"} if day in case.windows.bridge_months else set())
        if "crm_activities" in case.inputs.rows:
            types = types | (OF_EFFORTS if day in case.windows.tier_months else set())
        types = types | (OF_OWNERS if "crm_users" in case.inputs.rows else set())
        before = month_end(add_months(day.replace(day=1), -12))
        types = types | ({"base_eroding"} if before in case.windows.bridge_months else set())
        types = types | (OF_RELATIONSHIPS if case.relationships.is_known else set())
        for kind in types:
            events = [
                e for e in case.mart("alert_events")
                if e["alert_type"] == kind and month_end(e["effective_date"]) == day
            ]  # fmt: skip
            expected[day, kind] = (
                len(events), sum(e["severity"] in {"high", "critical"} for e in events),
                *_noise(events, day),
                *(_watches(case, day) if kind == "tier_watch" else (None, None)),
                _drops(case, day) if kind == "tier_drop" else None,
            )  # fmt: skip
    found = {
        (r["month_end"], r["alert_type"]): (
            r["events_count"], r["high_events_count"], r["owners_count"],
            r["events_per_owner_week"], r["watch_precision_ratio"], r["watch_lead_days"],
            r["regained_6m_ratio"],
        )
        for r in case.mart("alert_quality")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _noise(events: list[Row], day: date) -> tuple[int, object]:
    """Return the owners concerned, and what each of them is told in a week."""
    owners = {e["owner_user_id"] for e in events} - {None, NOBODY}
    told = sum(e["owner_user_id"] in owners and e["delivery"] != "none" for e in events)
    return len(owners), ratio(Fraction(told * 7, len(owners) * day.day)) if owners else None


def _watches(case: Case, day: date) -> tuple[object, object]:
    """Return the share of the watches of three months ago that came true, and their median lead."""
    months = [month_end(add_months(day.replace(day=1), n)) for n in (-3, -2, -1, 0)]
    leads: list[int | None] = []
    for unit, watched in _told(case, months[0], "watch"):
        fallen = [m for m in months[1:] if _fell(case, unit, m, watched)]
        if fallen or unit in case.ratings[day]:
            leads.append((fallen[0] - months[0]).days if fallen else None)
    true = [lead for lead in leads if lead is not None]
    precision = ratio(Fraction(len(true), len(leads))) if leads else None
    return precision, median(true) if true else None


def _fell(case: Case, unit: str, day: date, watched: str) -> bool:
    """Return whether a unit fell below a tier at a month-end, not by the rules alone."""
    r = case.ratings.get(day, {}).get(unit)
    if r is None or r.was not in STANDING or r.tier not in STANDING:
        return False
    by_rules = any(
        e["tier_unit_id"] == unit and e["effective_date"] == day and e["event_type"] != "watch"
        and e["cause"] == "config_change"
        for e in case.mart("tier_events")
    )  # fmt: skip
    return STANDING[r.tier] > max(STANDING[r.was], STANDING[watched]) and not by_rules


def _drops(case: Case, day: date) -> object:
    """Return the share of the drops of six months ago whose tier came back."""
    months = [month_end(add_months(day.replace(day=1), n)) for n in range(-6, 1)]
    judged: list[bool] = []
    for unit, lost in _told(case, months[0], "drop"):
        after = [case.ratings[m][unit].tier for m in months[1:] if unit in case.ratings[m]]
        is_back = any(STANDING.get(tier, 5) <= STANDING[lost] for tier in after)
        if is_back or unit in case.ratings[day]:
            judged.append(is_back)
    return ratio(Fraction(sum(judged), len(judged))) if judged else None


def _told(case: Case, day: date, kind: str) -> list[tuple[str, str]]:
    """Return units and their tier before, of the events that somebody was told."""
    return [
        (e["tier_unit_id"], e["from_tier"]) for e in case.mart("tier_events")
        if e["effective_date"] == day and e["event_type"] == kind and e["cause"] != "config_change"
    ]  # fmt: skip


CHECKS = (alert_quality_is_recomputed,)
