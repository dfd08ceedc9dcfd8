"""Every property was seen red: a model broken on purpose, in memory, and the property notices."""

from __future__ import annotations

import pytest

from tests.properties.companies import BATCH
from tests.properties.crowd import Crowd, batch, crowd
from tests.properties.metamorphic import CHANGES, differences
from tests.properties.run import CHECKS, violations

# Property: model, fragment of its compiled text, what stands in its place.
BROKEN: dict[str, tuple[str, str, str]] = {
    "tiers_are_recomputed": (
        "int_tiers__states", "+ 1 >= now.down_month_ends", "+ 1 > now.down_month_ends"),
    "shares_sum_to_one": (
        "account_tiers", "greatest(with_losses.profit_amount, 0)", "with_losses.profit_amount"),
    "better_tiers_earn_more": (
        "int_tiers__shares", "then ranked.positive_before_amount",
        "then ranked.positive_total_amount - ranked.positive_before_amount"),
    "history_is_whole": ("account_tier_history", "min(month_end)", "max(month_end)"),
    "events_are_recomputed": (
        "int_tiers__changes", "typed.was_at_risk is not true", "typed.was_at_risk is null"),
    "drops_had_their_streak": (
        "int_tiers__states", ">= now.down_month_ends", "> 0"),
    "profit_changes_are_recomputed": (
        "int_tiers__prior_profits", "changes.month_number - 12", "changes.month_number - 11"),
    "families_are_recomputed": (
        "int_tiers__family_changes", "- prior_split_profit_amount",
        "- current_split_profit_amount"),
    "counts_are_recomputed": (
        "account_tiers", "<= with_losses.count_share_a", "< with_losses.count_share_a"),
    "buckets_add_up": ("receivables_aging", "bucket = '31-60'", "bucket = '31-61'"),
    "aging_is_recomputed": (
        "int_receivables__items_by_day", "past_due_days <= due_30_to", "past_due_days < due_30_to"),
    "open_items_are_recomputed": (
        "receivables_open_items", "items.past_due_days,", "items.age_days as past_due_days,"),
    "net_is_what_the_documents_say": (
        "int_receivables__balances", "-gross_amount as amount", "-gross_amount / 2 as amount"),
    "reconciliation_repeats_its_sides": (
        "receivables_reconciliation", "gl_balances.receivables_amount as", "0 as"),
    "overdue_alerts_are_recomputed": (
        "int_receivables__overdue_runs", "where not is_continued", "where true"),
    "payments_are_recomputed": (
        "int_receivables__cash_applications", "reversals.effective_date > paid.effective_date",
        "reversals.effective_date < paid.effective_date"),
    "channels_are_recomputed": (
        "channel_collections", "or gross_open_amount > 0", "or gross_open_amount < 0"),
    "financing_adds_up": (
        "channel_collections", "sum(financing_cost_amount)", "max(financing_cost_amount)"),
    "payment_trap_alerts_are_recomputed": (
        "int_alerts__payment_traps", "<> compared.status_before", "is not null"),
    "accounts_repeat_their_verdict": (
        "accounts", "payments.payment_trap_status, 'insufficient_history'",
        "payments.payment_trap_status, 'no_trap'"),
    "foreign_documents_use_their_rates": (
        "receivables_aging", "- sums.unapplied_cash_amount - sums.unapplied_credit_amount, 0",
        "- sums.unapplied_cash_amount, 0"),
    "bridge_is_recomputed": (
        "int_retention__movements", "opening_amount = 0 then 'new'",
        "opening_amount = 0 then 'won_back'"),
    "bridge_adds_up": ("retention_summary", "movement = 'expansion'", "movement = 'unchanged'"),
    "summary_is_the_sum_of_customers": (
        "retention_summary", "'owner' as scope_type", "'tier' as scope_type"),
    "closing_is_the_next_opening": (
        "int_retention__books", "months.month_number - 12", "months.month_number - 13"),
    "customers_are_new_once": (
        "revenue_movements", "rank_of_movement = 1", "rank_of_movement >= 1"),
    "cohorts_are_recomputed": (
        "cohort_retention", "- members.cohort_number, 0)", "- members.cohort_number, 1)"),
    "cohorts_hold_the_new_customers": (
        "cohort_retention", "grid.cohort_size_count,",
        "grid.cohort_size_count + 1 as cohort_size_count,"),
    "one_revenue": ("int_revenue__account_windows", "between 11 preceding", "between 10 preceding"),
    "tenures_are_recomputed": (
        "tenure_margins", "months.month_end >= followed.year_end",
        "months.month_end = followed.year_end"),
    "neglect_is_told": (
        "int_alerts__neglected", "was_neglected is not true", "was_neglected is not null"),
    "silences_are_told": (
        "int_alerts__contacts", "limits.limit_days + 1", "limits.limit_days"),
    "broken_promises_are_told": (
        "int_alerts__promises", "where is_broken",
        "where missing_amount is not null"),
    "open_items_carry_their_promise": (
        "receivables_open_items", "max(promised_date)", "min(promised_date)"),
    "turns_of_relationships_are_told": (
        "int_alerts__relationships", "was_single_threaded is not true",
        "was_single_threaded is not null"),
    "turns_of_customers_are_told": (
        "int_alerts__lifecycle", "= former_came_back_date", "<> former_came_back_date"),
    "efforts_are_recomputed": (
        "int_relationships__efforts", "where tier = 'C'", "where tier = 'B'"),
    "nothing_lies_in_the_future": (
        "int_receivables__overdue_runs", "<= bounds.as_of_date", "<= bounds.as_of_date + 400"),
    "accounts_are_recomputed": (
        "int_revenue__lines", "invoice_date > bounds.year_start",
        "invoice_date > bounds.year_start + 20"),
    "accounts_repeat_their_receivables": (
        "accounts", "aging.overdue_amount", "aging.current_amount"),
    "alerts_repeat_their_event": (
        "alert_events", "profit_prior_amount := events.profit_prior_amount",
        "profit_prior_amount := events.profit_current_amount"),
    "causes_and_severities_are_recomputed": (
        "tier_events", "event_type = 'watch' then 'low'", "event_type = 'watch' then 'medium'"),
    "event_figures_are_recomputed": ("int_tiers__regain", "then config.band", "then 0"),
    "bulk_purchases_are_flagged": ("account_tiers", "months_count = 1", "months_count <= 2"),
    "stages_are_recomputed": (
        "int_relationships__stages", "not has_exec_to_exec then 2", "has_exec_to_exec then 2"),
    "stages_are_held_until_lost": (
        "int_relationships__confirmed", "case when 1 < lost_after_month_ends",
        "case when 1 <= lost_after_month_ends"),
    "stages_follow_their_talks": (
        "int_relationships__stages", "customer_departments_count < second_stage_departments then 1",
        "customer_departments_count >= second_stage_departments then 1"),
    "accounts_carry_their_relationship": (
        "int_relationships__recency", "own_department = 'executive' and", "true and"),
    "raters_and_ties_are_counted": (
        "int_relationships__ties", "worst_polarity > -1 and", "worst_polarity > -2 and"),
    "coverage_is_recomputed": (
        "int_relationships__coverage", "talked.contact_id = contacts.contact_id", "true"),
    "grid_is_recomputed": ("relationship_matrix", "accounts_count >= cells.minimum_cell_accounts",
        "accounts_count > cells.minimum_cell_accounts"),
    "stage_profits_are_recomputed": (
        "stage_profits", "net_amount > 0 then", "net_amount > 1000 then"),
    "contacts_are_recomputed": (
        "int_accounts__contacts", "case_type in ('complaint', 'dispute')",
        "case_type in ('dispute')"),
    "accounts_repeat_their_unit": (
        "accounts", "candidates.reasons as candidate_reasons", "'volume' as candidate_reasons"),
    "old_debts_and_families_are_recomputed": (
        "accounts", "where status <> 'bought'", "where status = 'never'"),
    "next_steps_follow_from_the_row": (
        "accounts", "and coalesce(known.exit_type <> 'voluntary_by_us', true)", "and true"),
    "basis_and_subtype_are_recomputed": (
        "accounts", "quarters.quarters_count >= 8", "quarters.quarters_count >= 7"),
    "breadth_and_sites_are_recomputed": (
        "int_accounts__breadths", "line_groups.product_family <> 'unknown'",
        "line_groups.product_family <> ''"),
    "lifetimes_are_recomputed": (
        "int_accounts__manual_inputs", "versions.wallet_amount is not null, false)",
        "versions.wallet_amount is null, false)"),
    "movements_carry_their_customer": (
        "int_retention__movements", "tiers.month_end = windowed.opening_to",
        "tiers.month_end = windowed.month_end"),
    "scopes_are_recomputed": (
        "retention_summary", "not (scope_type = 'owner' and", "not (scope_type = 'tier' and"),
    "tiers_carry_their_unit": (
        "account_tiers", "when with_losses.was_loss and", "when not with_losses.was_loss and"),
    "drivers_are_ranked": ("tier_drop_drivers", "rank() over", "1 + rank() over"),
    "monthly_bridge_is_recomputed": (
        "int_retention__books", "side.month_number = closing.month_number - 1",
        "side.month_number = closing.month_number - 2"),
    "profit_to_date_is_recomputed": (
        "int_revenue__account_days", "when 'gross_profit' then sums.gross_profit_amount",
        "when 'gross_profit' then sums.net_amount"),
    "profitability_is_recomputed": (
        "int_revenue__peer_prices", "best.place <= 2", "best.place <= 1"),
    "poor_accounts_are_recomputed": (
        "int_profitability__low_quality", "and measured.is_irregular", "and true"),
    "bought_growth_is_told": (
        "int_alerts__bought_growth", "is distinct from 'bought_growth'", "= 'healthy_growth'"),
    "rule_changes_are_told": (
        "alert_events", "new_valid_from <> old_valid_from", "new_valid_from = old_valid_from"),
    "old_debts_are_weighed": (
        "int_receivables__overdue_runs", "sum(balances.open_booked_amount)",
        "count(balances.open_booked_amount)"),
    "owners_are_recomputed": (
        "int_control__owner_days", "accounts_count >= rules.minimum_accounts",
        "accounts_count > rules.minimum_accounts"),
    "handovers_are_recomputed": (
        "int_control__handovers", "and bucket <> 'current'", "and bucket = 'current'"),
    "cash_is_recomputed": (
        "int_control__applications", "oldest_late.document_date < applied.invoice_date",
        "oldest_late.document_date <= applied.invoice_date"),
    "exposures_are_recomputed": (
        "int_credit__order_periods", "when 'completed' then -amount",
        "when 'completed' then -delivered_amount"),
    "credit_alerts_are_recomputed": (
        "int_alerts__credit", "former_status <> 'hold'", "former_status = 'hold'"),
    "reviews_are_told_once": ("int_alerts__control", "'high' as severity", "'low' as severity"),
    "accounts_repeat_their_credit": ("accounts", "then exposures.credit_status", "then 'ok'"),
    "purchases_are_recomputed": (
        "int_orders__reversed", "having count(purchases.invoice_id) = 0",
        "having count(purchases.invoice_id) < 0"),
    "orders_are_recomputed": (
        "int_orders__sales_starts", "max(opened_on) over", "min(opened_on) over"),
    "cycles_start_where_the_order_says": (
        "customer_orders", "<= stated.order_date", "< stated.order_date"),
    "lines_have_one_type": (
        "purchase_types", "family_days.purchase_number = 1", "family_days.purchase_number <= 2"),
    "transitions_are_recomputed": (
        "int_tiers__rise_times", "month_number - started_number",
        "month_number - started_number + 1"),
    "values_are_recomputed": (
        "int_value__churn", "unit_years.closing_revenue_amount <= 0",
        "unit_years.closing_revenue_amount < 0"),
    "provisional_tiers_are_recomputed": (
        "int_tiers__predictions", "coming.forecast_amount <> 0", "coming.forecast_amount > 9e15"),
    "distances_are_the_smallest": (
        "int_tiers__distances", "+ cast(0.01 as decimal(3,2))", "+ cast(0.02 as decimal(3,2))"),
    "curves_are_recomputed": (
        "pareto", "totals.entities_count + 99", "totals.entities_count + 98"),
    "forecasts_are_recomputed": (
        "int_forecasts__origins", "windows.history_months_count < 24",
        "windows.history_months_count < 25"),
    "forecasts_meet_their_plans": (
        "forecasts", "plan_months.month_start <= spine.month_start",
        "plan_months.month_start < spine.month_start"),
    "errors_are_recomputed": (
        "int_forecasts__errors", "abs(met.naive_error_amount)", "abs(met.error_amount)"),
    "seasons_are_recomputed": ("seasonality", "- 1) % 12 + 1", "- 2) % 12 + 1"),
    "collections_are_recomputed": (
        "int_receivables__payment_months", "+ to_months(cast(12 as", "+ to_months(cast(11 as"),
    "effectiveness_has_its_limits": (
        "collection_metrics", "credit_sales_amount - ending_current_amount > 0",
        "credit_sales_amount - ending_current_amount <> 0"),
    "delay_is_not_negative": (
        "collection_metrics", "aging.current_amount as ending_current_amount",
        "aging.gross_open_amount * 2 as ending_current_amount"),
    "a_month_of_sales_is_its_days": (
        "collection_metrics", "remaining_0_amount <= sales_0_amount",
        "remaining_0_amount < sales_0_amount"),
    "influence_is_recomputed": (
        "int_candidates__openings", "where is_opener", "where is_opener is not null"),
    "raters_of_influence_are_recomputed": (
        "int_candidates__ratings", "= owners.owner_user_id", "<> owners.owner_user_id"),
    "prospects_are_recomputed": (
        "int_candidates__adopters", "as bigint) - units_count + 1 as place",
        "as bigint) as place"),
    "lifecycle_is_recomputed": (
        "int_retention__channel_rhythms", "-gaps.purchase_days_count as gaps_count",
        "0 * gaps.purchase_days_count as gaps_count"),
    "lives_are_recomputed": (
        "int_retention__spells", "where lifecycle_state is distinct from former_state",
        "where true"),
    "losses_are_recomputed": (
        "int_retention__loss_tiers", "max(closed_spells.month_end)",
        "min(closed_spells.month_end)"),
    "post_mortems_are_recomputed": (
        "churned_accounts", "delivered.note_from <= churned.lost_to_date", "true"),
    "selling_costs_are_recomputed": (
        "int_retention__selling_costs", "efforts.month_start >= movements.closing_from",
        "efforts.month_start >= movements.opening_from"),
    "retention_is_reconciled": (
        "retention_reconciliation", "+ contraction_amount + churn_amount)",
        "+ contraction_amount)"),
    "candidates_are_recomputed": (
        "int_candidates__slopes", "place in (33, 34)", "place in (32, 33)"),
    "origins_are_recomputed": ("tier_origins", "rises.place = 1", "rises.place = 2"),
    "candidate_alerts_are_recomputed": (
        "int_alerts__candidates", "when tiers.tier <> 'A' then 'out'",
        "when tiers.tier <> 'A' then 'A'"),
    "alert_quality_is_recomputed": (
        "alert_quality", "fallen.month_number <= watched.month_number + 3",
        "fallen.month_number <= watched.month_number + 1"),
    "service_is_recomputed": (
        "int_service__account_windows", "between 11 preceding", "between 12 preceding"),
    "sites_are_recomputed": (
        "int_service__site_times", "times.time_kind = 'response'",
        "times.time_kind = 'resolution'"),
    "approvals_and_positions_are_recomputed": (
        "int_accounts__supplier_positions", "where rank_from_newest = 1", "where true"),
    "places_are_recomputed": (
        "int_accounts__service_fits", "(account_points.z - plant_points.z) *", "0 *"),
    "internal_response_is_recomputed": (
        "internal_response", "answered_on <= months.month_end", "answered_on is not null"),
    "opportunities_are_recomputed": (
        "opportunities", "entered_on desc, buying_stage desc", "entered_on desc, buying_stage"),
    "buying_groups_are_counted": ("opportunities", "count(role)", "count(contact_id)"),
    "buying_stages_are_recomputed": (
        "int_opportunities__steps", "min(entered_on) as entered_on",
        "max(entered_on) as entered_on"),
    "white_space_is_recomputed": (
        "int_white_space__industry_families", "count(distinct customer_key)",
        "count(customer_key)"),
    "cross_sells_are_recomputed": (
        "cross_sells", "starts.first_date < added.cross_sell_date",
        "starts.first_date <= added.cross_sell_date"),
    "concentration_is_recomputed": (
        "int_concentration__indexes", "* 20000 +", "* 20002 +"),
    "concentration_alerts_are_recomputed": (
        "int_alerts__concentration", "steps.band_level > steps.level_before",
        "steps.band_level >= steps.level_before"),
    "referrals_are_recomputed": (
        "int_referrals__edges", "sources.customer_key as parent", "sources.account_id as parent"),
    "merging_never_lowers_the_index": (
        "int_concentration__indexes", "sum(positive_cents * positive_cents)",
        "sum(positive_cents * positive_cents / 4)"),
    "turnover_is_recomputed": (
        "int_owners__periods", "lag(valid_to) over by_account = valid_from", "true"),
    "departures_are_told": (
        "int_alerts__owners", "when sums.profit_at_risk_amount > 0 then 'high'",
        "when sums.profit_at_risk_amount >= 0 then 'high'"),
    "summary_is_recomputed": (
        "int_portfolio__touches", "signed.channel = 'visit'", "signed.channel = 'call'"),
    "erosion_is_told": (
        "int_portfolio__erosion", "sums.a_closing_amount > sums.a_opening_amount",
        "sums.a_closing_amount >= 0"),
    "bi_reads_its_own_alerts": ("account_alerts", "'account_team'", "'account_teams'"),
}  # fmt: skip
# Change: the same, laid over the models before and after it.
SENSITIVE: dict[str, tuple[str, str, str]] = {
    "again": ("account_tiers", "with_losses.is_at_risk,", "random() > 0.5 as is_at_risk,"),
    "permute": (
        "stg_erp__invoices", "        gross_amount,",
        "        gross_amount + _row as gross_amount,"),
    "append_later": ("stg_erp__invoices", "where invoice_date <=", "where invoice_date - 3000 <="),
    "split_applications": (
        "int_receivables__settlements", "joined.amount,",
        "cast(floor(joined.amount) as decimal(18,2)) as amount,"),
    "split_applications_of_base_currency": (
        "int_receivables__settlements", "joined.amount,",
        "cast(floor(joined.amount) as decimal(18,2)) as amount,"),
    "scale_money": (
        "int_tiers__shares", "when windows.profit_amount > 0", "when windows.profit_amount > 5000"),
    "add_zero_profit": (
        "int_tiers__shares", "sum(greatest(profit_amount, 0)) over (partition by month_end) as",
        "sum(abs(profit_amount) + 1) over (partition by month_end) as"),
    "go_back": (
        "int_tiers__shares", "measured.profit_rank,",
        "measured.profit_rank + month(cast('1987-06-05' as date)) as profit_rank,"),
}  # fmt: skip


def test_every_property_has_its_broken_model() -> None:
    assert set(BROKEN) == set(CHECKS)
    assert set(SENSITIVE) == set(CHANGES)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model_turns_the_property_red(name: str) -> None:
    model, fragment, other = BROKEN[name]
    built = crowd(0, 30)
    with built.broken({model: (fragment, other)}):
        found = next(violations(built, [name]), None)
    assert found
    assert f"python -m tests.properties --seed {found.seed}" in str(found)


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_broken_model_turns_the_change_red(name: str) -> None:
    model, fragment, other = SENSITIVE[name]
    change, fragments = CHANGES[name], {model: (fragment, other)}
    before = Crowd(batch(2 * BATCH, 12), change.marts, fragments)
    assert differences(before, change, fragments)
