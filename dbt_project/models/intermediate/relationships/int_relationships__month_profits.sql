-- Stage, revenue and profit of each account at every month-end with a complete window. Where only
-- revenue is known, nobody has a profit.
with stages as (select * from {{ ref('int_relationships__stages') }} where is_month_end),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

windows as (select * from {{ ref('int_revenue__account_windows') }}),

final as (
    select
        months.month_end,
        stages.account_id,
        stages.evidenced_stage,
        stages.interpersonal_stage,
        cast(coalesce(windows.net_amount, 0) as decimal(18,2)) as net_amount,
        case when windows.measure_used <> 'net_revenue' then windows.profit_amount end
            as profit_amount
    from months
    inner join stages on stages.as_of_date = months.month_end
    left join windows
        on windows.month_end = months.month_end and windows.account_id = stages.account_id
)

select * from final
