-- What a unit earns us in a year: the average of its last two years where both are known, else the
-- last one. A unit without a line in twelve months has left and has no value to come.
with states as (select * from {{ ref('int_tiers__states') }} where rating_status <> 'INACTIVE'),

months as (select * from {{ ref('int_calendar__month_ends') }}),

starts as (select * from {{ ref('int_identity__unit_starts') }}),

unit_years as (select * from {{ ref('int_value__unit_years') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

measures as (
    select
        month_end,
        measure_used
    from cost_ratios
    group by month_end, measure_used
),

-- The year before counts when the unit bought before it, and by the same measure (ruling 11).
with_history as (
    select
        states.month_end,
        states.tier_unit_id,
        states.tier,
        states.channel,
        states.profit_amount as current_year_profit_amount,
        coalesce(unit_years.opening_profit_amount, 0) as prior_year_profit_amount,
        coalesce(
            months.is_bridge_month
            and starts.first_purchase_date <= months.opening_from
            and (
                states.measure_used = 'net_revenue'
                or measures.measure_used = 'contribution_profit'
                or measures.measure_used = states.measure_used
            ),
            false
        ) as has_two_years
    from states
    inner join months on months.month_end = states.month_end
    inner join starts
        on starts.epoch_date = months.epoch_date and starts.tier_unit_id = states.tier_unit_id
    left join measures on measures.month_end = months.opening_to
    left join unit_years
        on unit_years.month_end = states.month_end
        and unit_years.tier_unit_id = states.tier_unit_id
),

final as (
    select
        month_end,
        tier_unit_id,
        tier,
        channel,
        cast(case
            when has_two_years then
                {{ multiply_divide('current_year_profit_amount + prior_year_profit_amount',
                    '1', '2') }}
            when not has_two_years then current_year_profit_amount
        end as decimal(18,2)) as annual_profit_amount,
        current_year_profit_amount,
        not has_two_years as is_short_history
    from with_history
)

select * from final
