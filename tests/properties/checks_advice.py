"""What `accounts` advises, and what it repeats of other marts, recomputed from their rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tests.properties.crowd import Case, Row, difference

REPEATED = (
    "predicted_tier", "is_predicted_worse", "dropped_from_tier", "triage", "candidate_reasons",
)  # fmt: skip
OLD = ("overdue_31_60_amount", "overdue_61_90_amount", "overdue_90_plus_amount")


def accounts_repeat_their_unit(case: Case) -> Iterator[str]:
    """Prediction, drop, review list and reasons of a candidate are those of the unit's marts."""
    ahead = {r["tier_unit_id"]: r for r in case.mart("provisional_tiers")}
    last = max((r["month_end"] for r in case.mart("account_tiers")), default=None)
    tiers = {r["tier_unit_id"]: r for r in case.mart("account_tiers") if r["month_end"] == last}
    candidates = {r["tier_unit_id"]: r["reasons"] for r in case.mart("quasi_key_accounts")
                  if r["month_end"] == last}  # fmt: skip
    drops = {r["tier_unit_id"]: r["from_tier"] for r in case.mart("tier_events")
             if r["event_type"] == "drop" and r["effective_date"] == last
             and r["cause"] in {"own_decline", "relative"}}  # fmt: skip
    for r in case.mart("accounts"):
        unit = None if r["is_internal"] else r["tier_unit_id"]
        seen = ahead.get(unit, {})
        expected = (
            seen.get("predicted_tier"), seen.get("is_predicted_worse", False),
            drops.get(unit), tiers.get(unit, {}).get("triage"), candidates.get(unit),
        )  # fmt: skip
        found = tuple(r[c] for c in REPEATED)
        if found != expected:
            yield f"{r['account_id']}: {found}, its unit says {expected}"


def old_debts_and_families_are_recomputed(case: Case) -> Iterator[str]:
    """What is 31 days overdue, the family to offer, the reason of an exit."""
    aging = {r["account_id"]: sum((r[c] for c in OLD), Decimal(0))
             for r in case.mart("receivables_aging") if r["is_latest"]}  # fmt: skip
    offers: dict[str, tuple] = {}
    for r in case.mart("white_space"):
        if r["status"] != "bought" and r["peer_buyers_ratio"]:
            offer = (-r["peer_buyers_ratio"], -(r["peer_median_revenue_amount"] or 0),
                     r["product_family"])  # fmt: skip
            offers[r["account_id"]] = min(offer, offers.get(r["account_id"], offer))
    expected, found = {}, {}
    for r in case.mart("accounts"):
        account = r["account_id"]
        expected[account] = (
            aging.get(account, Decimal(0)) if case.has_receivables else None,
            offers.get(account, (None,))[-1],
            case.books.at(account, case.books.end)["exit_type"],
        )
        found[account] = tuple(r[c] for c in ("overdue_31_plus_amount", "next_family", "exit_type"))
    if problem := difference(expected, found):
        yield problem


def next_steps_follow_from_the_row(case: Case) -> Iterator[str]:
    """Each step stands where its condition holds, the most urgent first."""
    rows = case.inputs.rows
    limit = int(case.books.rule("contact_rules", case.books.end)["executive_contact_days"])
    for r in case.mart("accounts"):
        expected = None if r["is_internal"] or r["is_merged_away"] else _steps(r, rows, limit)
        if (r["next_steps"] or "") != "|".join(expected or ()):
            yield f"{r['account_id']}: {r['next_steps']}, expected {expected}"
        unknown = 0 if r["not_assessed"] is None else len(r["not_assessed"].split("|"))
        if r["coverage_ratio"] * 5 != 5 - unknown:
            yield f"{r['account_id']}: coverage {r['coverage_ratio']} without {r['not_assessed']}"


def _steps(r: Row, rows: dict, executive_days: int) -> list[str]:
    matters = r["tier"] in {"A", "B"} or r["candidate_reasons"] is not None
    silence = r["since_executive_contact_days"]
    steps = {
        "resolve_conflict": r["has_open_severe_conflict"],
        "assign_owner": "crm_users" in rows and not r["has_active_owner"],
        "settle_credit": r["credit_status"] == "hold",
        "collect_overdue": (r["overdue_31_plus_amount"] or 0) > 0,
        "review_terms": r["payment_trap_status"] == "trap",
        "review_exit": r["triage"] == "review_exit",
        "win_back": r["lifecycle_state"] == "churned" and r["exit_type"] != "voluntary_by_us",
        "halt_decline": r["dropped_from_tier"] is not None or r["is_at_risk"]
        or r["is_predicted_worse"] or r["lifecycle_state"] == "at_risk",
        "make_contact": r["is_contact_overdue"],
        "meet_more_people": r["is_single_threaded"] and matters,
        "meet_executives": "crm_activities" in rows and r["tier"] == "A"
        and r["account_id"] == r["customer_key"] and (silence is None or silence > executive_days),
        "develop": r["candidate_reasons"] is not None,
        "assess": matters and r["not_assessed"] not in {None, "relationship_evidence"},
        "offer_family": r["lifecycle_state"] == "active" and r["next_family"] is not None,
    }  # fmt: skip
    return [step for step, holds in steps.items() if holds]


CHECKS = (
    accounts_repeat_their_unit, old_debts_and_families_are_recomputed,
    next_steps_follow_from_the_row,
)  # fmt: skip
