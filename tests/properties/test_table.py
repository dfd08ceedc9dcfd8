"""The table of invariants in the package's docstring names what exists, and every invariant."""

from __future__ import annotations

import re

import tests.properties
from keyaccounts.settings import PROJECT_ROOT
from tests.properties.metamorphic import CHANGES
from tests.properties.run import CHECKS

ROWS = dict(re.findall(r"^\| (I\d+) +\| (.+) \|$", str(tests.properties.__doc__), re.M))


def test_every_invariant_stands_in_the_table_once() -> None:
    assert list(ROWS) == [f"I{number}" for number in range(1, 44)]


def test_the_table_names_what_exists_and_all_of_it() -> None:
    held = " ".join(ROWS.values())
    quoted = set(re.findall(r'"(\w+)"', held))
    assert quoted == set(CHANGES)
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", held)) - quoted
    files = set(re.findall(r"tests/[\w/.]+", held))
    assert {f for f in files if not (PROJECT_ROOT / f).exists()} == set()
    known = set(CHECKS) | {word for f in files for word in re.findall(r"[a-z]+(?:_[a-z]+)+", f)}
    assert named <= known
    # What an account says beside its invariants has no number of its own.
    unnumbered = {"accounts_repeat_their_unit", "old_debts_and_families_are_recomputed",
        "next_steps_follow_from_the_row", "counts_are_recomputed",
        "accounts_are_recomputed", "bi_reads_its_own_alerts",
        "causes_and_severities_are_recomputed", "event_figures_are_recomputed",
        "bulk_purchases_are_flagged", "contacts_are_recomputed", "drivers_are_ranked",
        "basis_and_subtype_are_recomputed", "breadth_and_sites_are_recomputed",
        "lifetimes_are_recomputed", "movements_carry_their_customer", "tiers_carry_their_unit",
        "payments_are_recomputed", "accounts_repeat_their_verdict",
        "profit_to_date_is_recomputed", "rule_changes_are_told", "old_debts_are_weighed",
                  "accounts_repeat_their_receivables", "accounts_repeat_their_credit",
        "cash_is_recomputed", "exposures_are_recomputed", "owners_are_recomputed",
        "handovers_are_recomputed", "curves_are_recomputed",
                  "forecasts_are_recomputed", "provisional_tiers_are_recomputed",
        "distances_are_the_smallest", "profitability_is_recomputed", "tenures_are_recomputed",
        "efforts_are_recomputed", "neglect_is_told", "turns_of_customers_are_told",
        "turns_of_relationships_are_told", "silences_are_told",
        "broken_promises_are_told", "open_items_carry_their_promise",
        "poor_accounts_are_recomputed", "bought_growth_is_told",
        "alert_quality_is_recomputed", "candidate_alerts_are_recomputed",
        "candidates_are_recomputed", "influence_is_recomputed", "lifecycle_is_recomputed",
        "lives_are_recomputed", "losses_are_recomputed",
        "post_mortems_are_recomputed", "selling_costs_are_recomputed",
        "origins_are_recomputed", "prospects_are_recomputed",
        "raters_of_influence_are_recomputed",
        "service_is_recomputed", "sites_are_recomputed",
        "approvals_and_positions_are_recomputed", "places_are_recomputed",
        "internal_response_is_recomputed",
        "buying_groups_are_counted", "opportunities_are_recomputed", "buying_stages_are_recomputed",
        "white_space_is_recomputed", "cross_sells_are_recomputed",
        "purchases_are_recomputed", "cycles_start_where_the_order_says",
        "orders_are_recomputed",
        "forecasts_meet_their_plans", "errors_are_recomputed", "seasons_are_recomputed",
        "referrals_are_recomputed", "concentration_alerts_are_recomputed",
        "accounts_carry_their_relationship", "coverage_is_recomputed", "grid_is_recomputed",
        "stage_profits_are_recomputed", "stages_are_held_until_lost",
        "turnover_is_recomputed", "departures_are_told",
        "summary_is_recomputed", "erosion_is_told", "raters_and_ties_are_counted"}  # fmt: skip
    assert set(CHECKS) - named == unnumbered
