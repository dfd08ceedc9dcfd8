-- I20: the matrix counts every unit of a month-end once, with the tier that it had a month before,
-- and the ratios of each row of it add up to 1.
-- Red by a unit that is counted nowhere, or by profit that moved nowhere, or by a ratio to all units, or by a pair that is missing.
with tiers as (select * from {{ ref('account_tiers') }}),

pairs as (
    select
        tiers.month_end,
        coalesce(before.tier, 'none') as from_tier,
        tiers.tier as to_tier,
        count(*) as units_count,
        sum(tiers.ttm_profit_amount) as profit_amount
    from tiers
    left join tiers as before
        on before.tier_unit_id = tiers.tier_unit_id
        and before.month_end = {{ add_days(month_start('tiers.month_end'), -1) }}
    group by tiers.month_end, coalesce(before.tier, 'none'), tiers.tier
),

transitions as (
    select
        *,
        sum(units_ratio) over (partition by month_end, from_tier) as ratios_sum,
        sum(units_count) over (partition by month_end, from_tier) as from_units_count
    from {{ ref('tier_transitions') }}
)

select transitions.month_end, pairs.month_end as tiers_month_end
from transitions
full outer join pairs
    on pairs.month_end = transitions.month_end
    and pairs.from_tier = transitions.from_tier
    and pairs.to_tier = transitions.to_tier
where (
    transitions.units_count = coalesce(pairs.units_count, 0)
    and transitions.ttm_profit_amount = coalesce(pairs.profit_amount, 0)
    and case
        when transitions.from_units_count = 0 then transitions.ratios_sum is null
        when transitions.from_units_count > 0
            then abs(transitions.ratios_sum - 1) <= 0.000003
    end
) is not true
