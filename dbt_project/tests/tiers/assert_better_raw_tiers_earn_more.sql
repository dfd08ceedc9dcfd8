-- I16, I17: every A earns at least what every B earns, and so on; A is there exactly when anybody
-- earns, and holds 80 % (by its own rules). Red by swapping the raw tiers of two units.
with months as (
    select
        tiers.month_end,
        min(case when tiers.raw_tier = 'A' then tiers.ttm_profit_amount end) as least_a,
        max(case when tiers.raw_tier = 'B' then tiers.ttm_profit_amount end) as most_b,
        min(case when tiers.raw_tier = 'B' then tiers.ttm_profit_amount end) as least_b,
        max(case when tiers.raw_tier = 'C' then tiers.ttm_profit_amount end) as most_c,
        sum(case when tiers.raw_tier = 'A' then 1 else 0 end) as a_count,
        sum(case when tiers.raw_tier = 'A' then tiers.ttm_profit_amount else 0 end) as a_amount,
        sum(greatest(tiers.ttm_profit_amount, 0)) as positive_amount,
        max(config.threshold_a) as threshold_a
    from {{ ref('account_tiers') }} as tiers
    left join {{ ref('tier_config') }} as config
        on config.valid_from = tiers.tier_config_valid_from
    where tiers.raw_tier <> 'INACTIVE'
    group by tiers.month_end
)

select * from months
where (
    coalesce(least_a >= most_b, true)
    and coalesce(least_a >= most_c, true)
    and coalesce(least_b >= most_c, true)
    and (a_count > 0) = (positive_amount > 0)
    and a_amount >= positive_amount * threshold_a
) is not true
