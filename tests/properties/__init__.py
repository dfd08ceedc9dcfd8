"""Properties of the marts on random companies.

A company is made from a seed (`companies.py`, `ledgers.py`), built by the project's own SQL in
memory (`harness.py`; a hundred at once: `keyed.py`) and compared with what plain Python makes of
its rows (`books.py`, `windows.py`, `tiers.py`, `influence.py`, `prospects.py`, `outlook.py`,
`ledger_days.py`, `collection_days.py`, `retention.py`, `purchases.py`, `relationships.py`).
`make test` builds a few, `make properties COMPANIES=2000` many; a failure names the command that
builds its company again.

Where the invariants of the semantics are held, by the function of a `checks_*` module, the change
of `metamorphic.py` (in quotes), or another test:

| id  | held by |
|-----|---------|
| I1  | buckets_add_up, aging_is_recomputed, open_items_are_recomputed |
| I2  | net_is_what_the_documents_say, foreign_documents_use_their_rates |
| I3  | buckets_add_up |
| I4  | net_is_what_the_documents_say: on every day described, so between any two of them |
| I5  | "append_later" |
| I6  | "split_applications", "split_applications_of_base_currency", "permute" |
| I7  | reconciliation_repeats_its_sides |
| I8  | buckets_add_up |
| I9  | reconciliation_repeats_its_sides, summary_is_the_sum_of_customers, scopes_are_recomputed |
| I10 | effectiveness_has_its_limits, collections_are_recomputed |
| I11 | delay_is_not_negative, collections_are_recomputed |
| I12 | "scale_money", a_month_of_sales_is_its_days, tests/properties/test_countback.py |
| I13 | financing_adds_up, channels_are_recomputed |
| I14 | tiers_are_recomputed |
| I15 | shares_sum_to_one, tiers_are_recomputed |
| I16 | better_tiers_earn_more |
| I17 | better_tiers_earn_more |
| I18 | "scale_money" |
| I19 | "add_zero_profit" |
| I20 | history_is_whole, transitions_are_recomputed, "go_back" |
| I21 | drops_had_their_streak, events_are_recomputed |
| I22 | events_are_recomputed with history_is_whole |
| I23 | bridge_adds_up, bridge_is_recomputed, closing_is_the_next_opening, retention_is_reconciled |
| I24 | bridge_adds_up, retention_is_reconciled |
| I25 | bridge_is_recomputed, monthly_bridge_is_recomputed |
| I26 | cohorts_are_recomputed, retention_is_reconciled |
| I27 | lines_have_one_type |
| I28 | cohorts_hold_the_new_customers, retention_is_reconciled |
| I29 | customers_are_new_once |
| I30 | values_are_recomputed |
| I31 | concentration_is_recomputed |
| I32 | merging_never_lowers_the_index |
| I33 | stages_follow_their_talks, stages_are_recomputed |
| I34 | stages_are_recomputed |
| I35 | stages_are_recomputed |
| I36 | profit_changes_are_recomputed, families_are_recomputed |
| I37 | tests/alerts/test_alert_ledger_fixture.py, tests/acceptance/test_stories.py |
| I38 | alerts_repeat_their_event, payment_trap_alerts_are_recomputed, reviews_are_told_once |
| I39 | tests/faults, tests/alerts |
| I40 | nothing_lies_in_the_future, overdue_alerts_are_recomputed, credit_alerts_are_recomputed |
| I41 | "again"; published bytes: tests/end_to_end/test_determinism.py |
| I42 | "permute" |
| I43 | one_revenue, retention_is_reconciled |

`test_table.py` holds this table to the names it uses.
"""
