"""Properties of opportunities and buying stages (B2, B5, B11, B12, P22, V10)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.properties.crowd import Case, cents, difference
from tests.properties.opportunities import buying_groups, buying_stages, opportunities


def opportunities_are_recomputed(case: Case) -> Iterator[str]:
    """Where each opportunity stands, where we joined, how it ended and why."""
    found = {
        r["opportunity_id"]: (
            r["account_id"], r["owner_user_id"], r["opened_date"], r["closed_date"],
            cents(r["opportunity_amount"]), r["buying_stage"], r["in_stage_days"],
            r["entered_at_stage"], r["is_early_entry"], r["outcome"], r["outcome_reason"],
            r["is_reason_missing"], r["first_contact_to_open_days"],
            r["first_contact_to_need_days"], r["open_to_close_days"],
        )
        for r in case.mart("opportunities")
    }  # fmt: skip
    if problem := difference(opportunities(case.books), found):
        yield problem


def buying_stages_are_recomputed(case: Case) -> Iterator[str]:
    """Every step at every month-end: who entered, moved on, was lost, and how long it took."""
    found = {
        (r["month_end"], r["buying_stage"]): (
            r["entered_count"], r["moved_on_count"], r["lost_count"], r["open_count"],
            r["median_days"], r["joined_here_count"], r["joined_here_win_ratio"],
            r["drop_off_ratio"], r["undated_opportunities_count"],
        )
        for r in case.mart("buying_stages")
    }  # fmt: skip
    if problem := difference(buying_stages(case.books, list(case.ratings)), found):
        yield problem


def buying_groups_are_counted(case: Case) -> Iterator[str]:
    """P22: how many people decided on each closed opportunity."""
    found = {r["opportunity_id"]: r["buying_group_size_count"] for r in case.mart("opportunities")}
    if problem := difference(buying_groups(case.books), found):
        yield problem


CHECKS = (
    opportunities_are_recomputed,
    buying_stages_are_recomputed,
    buying_groups_are_counted,
)
