-- How many units of each tier a year ago have no book any more, by the channel of now.
with unit_years as (select * from {{ ref('int_value__unit_years') }}),

states as (select * from {{ ref('int_tiers__states') }}),

final as (
    select
        unit_years.month_end,
        before.tier,
        now.channel,
        count(*) as opening_units_count,
        sum(case when unit_years.closing_revenue_amount <= 0 then 1 else 0 end)
            as churned_units_count
    from unit_years
    inner join states as now
        on now.month_end = unit_years.month_end and now.tier_unit_id = unit_years.tier_unit_id
    inner join states as before
        on before.tier_unit_id = now.tier_unit_id and before.month_number = now.month_number - 12
    where unit_years.opening_revenue_amount > 0
    group by unit_years.month_end, before.tier, now.channel
)

select * from final
