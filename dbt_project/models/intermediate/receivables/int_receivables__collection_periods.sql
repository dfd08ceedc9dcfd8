-- Each day described with the period and the lookbacks that its collection figures have, by the
-- rules in force on it.
with days as (select * from {{ ref('int_calendar__days') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

rules as (
    select
        *,
        coalesce(lead(valid_from) over (order by valid_from), {{ end_of_time() }}) as valid_until
    from {{ ref('collection_rules') }}
),

final as (
    select
        days.as_of_date,
        days.is_month_end,
        days.is_latest,
        days.epoch_date,
        -- Tiers are official at month-ends only.
        case
            when days.is_month_end then days.as_of_date else bounds.last_month_end
        end as tier_month_end,
        {{ month_start('days.as_of_date') }} as month_start,
        rules.period_months,
        {{ add_months(month_start('days.as_of_date'), '1 - rules.period_months') }} as period_from,
        rules.simple_lookback_months,
        {{ add_months(month_start('days.as_of_date'), '1 - rules.simple_lookback_months') }}
            as simple_lookback_from,
        rules.countback_lookback_months
    from days
    inner join rules
        on rules.valid_from <= days.as_of_date and rules.valid_until > days.as_of_date
    cross join bounds
)

select * from final
