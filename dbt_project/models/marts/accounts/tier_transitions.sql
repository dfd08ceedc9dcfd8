with states as (select * from {{ ref('int_tiers__states') }}),

rise_times as (select * from {{ ref('int_tiers__rise_times') }}),

pairs as (
    select
        month_end,
        coalesce(from_tier, 'none') as from_tier,
        tier as to_tier,
        count(*) as units_count,
        {{ money_sum('profit_amount') }} as ttm_profit_amount
    from states
    group by month_end, coalesce(from_tier, 'none'), tier
),

-- The whole matrix at each month-end: what did not happen is a measured zero.
grid as (
    select
        rise_times.month_end,
        rise_times.median_months_count,
        before.from_tier,
        after.to_tier
    from rise_times
    cross join (values ('none'), ('A'), ('B'), ('C'), ('NEW'), ('INACTIVE')) as before (from_tier)
    cross join (values ('A'), ('B'), ('C'), ('NEW'), ('INACTIVE')) as after (to_tier)
),

filled as (
    select
        grid.month_end,
        grid.from_tier,
        grid.to_tier,
        grid.median_months_count,
        coalesce(pairs.units_count, 0) as units_count,
        coalesce(pairs.ttm_profit_amount, 0) as ttm_profit_amount
    from grid
    left join pairs
        on pairs.month_end = grid.month_end
        and pairs.from_tier = grid.from_tier
        and pairs.to_tier = grid.to_tier
),

with_totals as (
    select
        filled.*,
        sum(units_count) over (partition by month_end, from_tier) as from_units_count
    from filled
),

final as (
    select
        month_end,
        from_tier,
        to_tier,
        cast(units_count as bigint) as units_count,
        {{ ratio('units_count', 'from_units_count') }} as units_ratio,
        cast(ttm_profit_amount as decimal(18,2)) as ttm_profit_amount,
        case
            when from_tier = 'B' and to_tier = 'A' then cast(median_months_count as decimal(18,6))
        end as median_months_to_rise
    from with_totals
)

select * from final
