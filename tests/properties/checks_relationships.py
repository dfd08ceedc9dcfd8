"""Relationships: every stage and figure recomputed, and the invariants I33 to I35."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from tests.properties.basics import business_day
from tests.properties.checks_profiles import compared
from tests.properties.crowd import Case, difference
from tests.properties.relationships import AUTOMATIC, Talk
from tests.properties.tiers import ratio


def stages_are_recomputed(case: Case) -> Iterator[str]:
    """What `relationship_stages` says of each account on each day (I34 and I35 by construction)."""
    known, expected = case.relationships, {}
    for (day, account), s in known.standings.items():
        claimed = case.books.at(account, day)["claimed_relationship_stage"]
        rating = s.rating if s.stage and s.rating else None
        expected[day, account] = (
            case.books.identity(day).unit[account], s.stage, claimed,
            None if claimed is None else claimed - s.stage, len(s.theirs),
            ratio(Fraction(len(s.theirs), 7)), len(s.ours), s.edges, len(s.by_contact), s.users,
            len(s.talks), ratio(s.top), any(t.is_executive for t in s.talks), s.has_joint,
            s.has_alliance, s.is_single, s.rating, f"{s.stage}x{rating}" if rating else None,
            known.wallet_change(account, day), s.unknown,
        )  # fmt: skip
    columns = (
        "tier_unit_id", "evidenced_stage", "claimed_stage", "stage_gap",
        "customer_departments_count", "department_coverage_ratio", "own_departments_count",
        "department_edges_count", "active_contacts_count", "active_own_users_count",
        "activities_count", "top_contact_ratio", "has_exec_to_exec", "has_joint_evidence",
        "has_alliance_evidence", "is_single_threaded", "interpersonal_stage", "matrix_cell",
        "wallet_share_change_ratio", "unknown_department_contacts_count",
    )  # fmt: skip
    found = {
        (r["as_of_date"], r["account_id"]): tuple(r[c] for c in columns)
        for r in case.mart("relationship_stages")
    }
    if problem := difference(expected, found):
        yield problem


def stages_are_held_until_lost(case: Case) -> Iterator[str]:
    """A stage is confirmed at once and lost by month-ends alone."""
    accounts = {account for _, account in case.relationships.standings}
    expected = {
        (day, account): (stage, streak)
        for account in accounts
        for day, stage, streak in case.relationships.confirmed(account)
    }
    found = {
        (r["as_of_date"], r["account_id"]): (r["confirmed_stage"], r["stage_down_streak_count"])
        for r in case.mart("relationship_stages")
    }
    if problem := difference(expected, found):
        yield problem


def stages_follow_their_talks(case: Case) -> Iterator[str]:
    """I33: one talk more never lowers a stage; days without one never raise it."""
    known, end = case.relationships, case.books.end
    latest = {r["account_id"]: r["evidenced_stage"]
              for r in case.mart("relationship_stages") if r["is_latest"]}  # fmt: skip
    for account, stage in latest.items():
        more = known.standing(account, end)
        more.talks.append(Talk(account, end, "new", "executive", "new", "executive"))
        fresh = type(more)(more.talks, more.has_order, more.has_joint, more.has_alliance, None,
                           more.rules)  # fmt: skip
        if fresh.stage < stage:
            yield f"{account}: stage {stage}, with a talk more {fresh.stage}"
        aged = known.standing(account, end + timedelta(days=20))
        if aged.stage > stage and aged.rules == more.rules:
            yield f"{account}: stage {stage}, twenty days later {aged.stage}"


def accounts_carry_their_relationship(case: Case) -> Iterator[str]:
    """Stage, threads, executives and reciprocity of an account as of the as-of date."""
    known, books, end = case.relationships, case.books, case.books.end
    since = end - timedelta(days=int(books.rule("relationship_rules", end)["window_days"]))
    expected = {}
    for account in books.versions:
        s = known.standings.get((end, account))
        met = [t.day for t in known.talks.get(account, []) if t.is_executive]
        ways = [
            r.get("direction") for r in case.inputs.rows.get("crm_activities", [])
            if r["account_id"] == account and since < business_day(r["activity_at"]) <= end
            and (r.get("channel") or "").lower() not in AUTOMATIC
        ]  # fmt: skip
        told = ways.count("inbound") + ways.count("outbound")
        expected[account] = (
            s and s.stage, bool(s and s.is_single), (end - max(met)).days if met else None,
            ratio(Fraction(ways.count("inbound"), told)) if told else None,
        )  # fmt: skip
    yield from compared(
        case, expected, "evidenced_stage", "is_single_threaded", "since_executive_contact_days",
        "reciprocity_ratio",
    )  # fmt: skip


CHECKS = (
    stages_are_recomputed, stages_are_held_until_lost, stages_follow_their_talks,
    accounts_carry_their_relationship,
)  # fmt: skip
