-- The profit of the window twelve months before an event, by the accounts that make up the unit at
-- the event (pro forma) and by the measure of the event. No row where it is not known (ruling 11).
with changes as (select * from {{ ref('int_tiers__changes') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

measures as (
    select
        month_end,
        measure_used
    from cost_ratios
    group by month_end, measure_used
),

known as (
    select
        changes.effective_date,
        changes.tier_unit_id,
        changes.epoch_date,
        changes.measure_used,
        prior_month.month_end as prior_month_end
    from changes
    inner join months as prior_month on prior_month.month_number = changes.month_number - 12
    left join measures on measures.month_end = prior_month.month_end
    where changes.is_bridge_month
        -- What is known of the costs now has to be known of them then (decision 12).
        and (
            changes.measure_used = 'net_revenue'
            or measures.measure_used = 'contribution_profit'
            or (changes.measure_used = 'gross_profit' and measures.measure_used = 'gross_profit')
        )
    group by
        changes.effective_date,
        changes.tier_unit_id,
        changes.epoch_date,
        changes.measure_used,
        prior_month.month_end
),

final as (
    select
        known.effective_date,
        known.tier_unit_id,
        known.prior_month_end,
        {{ money_sum("case known.measure_used
            when 'net_revenue' then account_windows.net_amount
            when 'gross_profit' then account_windows.gross_profit_amount
            when 'contribution_profit'
                then account_windows.gross_profit_amount - account_windows.cost_to_serve_amount
            end") }} as profit_prior_amount,
        {{ money_sum("case when known.measure_used = 'contribution_profit'
            then account_windows.cost_to_serve_amount end") }} as cost_to_serve_prior_amount
    from known
    inner join units
        on units.epoch_date = known.epoch_date and units.tier_unit_id = known.tier_unit_id
    left join account_windows
        on account_windows.account_id = units.account_id
        and account_windows.month_end = known.prior_month_end
    where not units.is_internal
    group by known.effective_date, known.tier_unit_id, known.prior_month_end
)

select * from final
