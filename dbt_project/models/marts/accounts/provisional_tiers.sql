with bounds as (select * from {{ ref('int_calendar__bounds') }}),

ahead as (select * from {{ ref('int_tiers__ahead') }}),

distances as (select * from {{ ref('int_tiers__distances') }}),

official as (
    select * from {{ ref('int_tiers__states') }}
    where month_end = (select last_month_end from {{ ref('int_calendar__bounds') }})
),

evaluated as (
    select
        ahead.*,
        case
            when rating_status in ('INACTIVE', 'NEW') then rating_status
            else raw_tier
        end as evaluated_tier
    from ahead
),

today as (select * from evaluated where evaluation = 'today'),

predicted as (select * from evaluated where evaluation = 'next_month_end' and is_known),

joined as (
    select
        today.*,
        last_day({{ add_days('bounds.last_month_end', 1) }}) as predicted_for_month_end,
        official.tier as official_tier,
        official.down_streak_count,
        predicted.evaluated_tier as predicted_tier,
        predicted.profit_amount as predicted_profit_amount,
        distances.profit_to_keep_amount,
        distances.profit_to_rise_amount,
        predicted.tier_unit_id is not null as has_forecast
    from today
    cross join bounds
    left join official on official.tier_unit_id = today.tier_unit_id
    left join predicted on predicted.tier_unit_id = today.tier_unit_id
    left join distances on distances.tier_unit_id = today.tier_unit_id
),

final as (
    select
        evaluated_date as as_of_date,
        tier_unit_id,
        official_tier,
        evaluated_tier as provisional_tier,
        predicted_tier,
        predicted_for_month_end,
        profit_amount as ttm_profit_amount,
        predicted_profit_amount,
        {{ ratio('before_amount', 'positive_total_amount') }} as cum_share_before_ratio,
        profit_to_keep_amount,
        profit_to_rise_amount,
        cast(coalesce(down_streak_count, 0) as bigint) as down_streak_count,
        -- A unit that falls silent is worse off than a C; a new one is not compared.
        official_tier in ('A', 'B') and coalesce(
            {{ standing('evaluated_tier') }} > {{ standing('official_tier') }}, false
        ) as is_at_risk,
        coalesce({{ standing('predicted_tier') }} > {{ standing('official_tier') }}, false)
            as is_predicted_worse,
        has_forecast
    from joined
)

select * from final
