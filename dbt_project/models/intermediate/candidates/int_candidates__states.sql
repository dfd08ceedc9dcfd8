-- The state of each tier unit at each month-end: that of the most active of its customers. A group in
-- which one company still buys is not lost.
with tiers as (select * from {{ ref('int_tiers__states') }}),

lifecycle as (
    select * from {{ ref('int_retention__lifecycle') }} where is_month_end
),

units as (select * from {{ ref('int_identity__account_units') }}),

levels as (
    select
        lifecycle.as_of_date as month_end,
        units.tier_unit_id,
        min(case lifecycle.lifecycle_state
            when 'active' then 1 when 'at_risk' then 2 when 'churned' then 3
        end) as state_level
    from lifecycle
    inner join units
        on units.epoch_date = lifecycle.epoch_date
        and units.account_id = lifecycle.customer_key
    group by lifecycle.as_of_date, units.tier_unit_id
),

final as (
    select
        tiers.month_end,
        tiers.tier_unit_id,
        case levels.state_level
            when 1 then 'active' when 2 then 'at_risk' when 3 then 'churned'
        end as lifecycle_state
    from tiers
    left join levels
        on levels.month_end = tiers.month_end and levels.tier_unit_id = tiers.tier_unit_id
)

select * from final
