-- The curves of tier units hold the units, the revenue and the profit of the tiers, and every curve
-- has its 101 points.
-- Red by a unit that the curve does not count, or by a loss that the curve leaves out, or by a curve without an end, or by a month-end without a curve.
with tiers as (
    select
        month_end,
        count(*) as units_count,
        sum(greatest(ttm_net_revenue_amount, 0)) as positive_net_revenue,
        sum(greatest(ttm_profit_amount, 0)) as positive_profit,
        sum(ttm_net_revenue_amount) as net_revenue,
        sum(ttm_profit_amount) as profit
    from {{ ref('account_tiers') }}
    where tier <> 'INACTIVE'
    group by month_end
),

curves as (
    select
        month_end,
        entity_type,
        measure,
        count(*) as points_count,
        max(active_entities_count) as units_count,
        max(total_value) as total_value,
        max(case when entity_percent = 100 then cum_value_ratio end) as end_ratio
    from {{ ref('pareto') }}
    group by month_end, entity_type, measure
),

wanted as (
    select month_end, 'net_revenue' as measure, units_count,
        positive_net_revenue as total_value, net_revenue as end_value
    from tiers
    union all
    select month_end, 'profit' as measure, units_count,
        positive_profit as total_value, profit as end_value
    from tiers
)

select wanted.month_end, wanted.measure
from wanted
left join curves
    on curves.month_end = wanted.month_end
    and curves.measure = wanted.measure
    and curves.entity_type = 'tier_unit'
where (
    curves.units_count = wanted.units_count
    and curves.total_value = wanted.total_value
    and case
        when wanted.total_value = 0 then curves.end_ratio is null
        when wanted.total_value > 0
            then abs(curves.end_ratio * wanted.total_value - wanted.end_value)
                <= wanted.total_value * 0.000001
    end
) is not true
union all
select curves.month_end, curves.measure from curves
where (curves.points_count = 101) is not true
