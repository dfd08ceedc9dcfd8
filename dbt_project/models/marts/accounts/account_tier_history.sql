with states as (select * from {{ ref('int_tiers__states') }}),

-- A unit that ceases to be one (it was merged into another) leaves a last month behind.
months as (
    select
        states.tier_unit_id,
        states.month_number,
        states.month_end,
        states.tier,
        states.from_tier is distinct from states.tier as is_start,
        lead(states.month_number) over by_unit is distinct from states.month_number + 1
            and states.month_end < (select max(month_end) from states) as is_end
    from states
    window by_unit as (partition by states.tier_unit_id order by states.month_number)
),

numbered as (
    select
        months.*,
        sum(case when is_start then 1 else 0 end) over (
            partition by tier_unit_id order by month_number
        ) as period_number
    from months
),

periods as (
    select
        tier_unit_id,
        period_number,
        tier,
        min(month_end) as valid_from,
        max(month_end) as last_month_end,
        count(*) as months_count,
        max(case when is_end then 1 else 0 end) = 1 as is_ended
    from numbered
    group by tier_unit_id, period_number, tier
),

bounded as (
    select
        periods.*,
        case
            when is_ended then last_day({{ add_days('last_month_end', 1) }})
            else lead(valid_from) over (partition by tier_unit_id order by period_number)
        end as valid_to
    from periods
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        tier_unit_id,
        tier,
        valid_from,
        valid_to,
        valid_to is null as is_current,
        months_count
    from bounded
)

select * from final
