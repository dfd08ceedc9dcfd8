with accounts as (
    select * from {{ ref('int_relationships__month_profits') }} where evidenced_stage > 0
),

days as (select * from {{ ref('int_relationships__days') }}),

months as (
    select month_end from {{ ref('int_relationships__month_profits') }} group by month_end
),

cells as (
    select
        months.month_end,
        days.minimum_cell_accounts,
        cast(proven.evidenced_stage as bigint) as evidenced_stage,
        cast(rated.interpersonal_stage as bigint) as interpersonal_stage
    from months
    inner join days on days.as_of_date = months.month_end
    cross join (values (1), (2), (3), (4), (5)) as proven (evidenced_stage)
    cross join (values (0), (1), (2), (3), (4), (5)) as rated (interpersonal_stage)
),

sums as (
    select
        month_end,
        evidenced_stage,
        coalesce(interpersonal_stage, 0) as interpersonal_stage,
        count(*) as accounts_count,
        {{ money_sum('net_amount') }} as net_amount,
        cast(sum(profit_amount) as decimal(18,2)) as profit_amount
    from accounts
    group by month_end, evidenced_stage, coalesce(interpersonal_stage, 0)
),

final as (
    select
        cells.month_end,
        cells.evidenced_stage,
        cells.interpersonal_stage,
        coalesce(sums.accounts_count, 0) as accounts_count,
        case when sums.accounts_count >= cells.minimum_cell_accounts then sums.net_amount end
            as ttm_net_revenue_amount,
        case when sums.accounts_count >= cells.minimum_cell_accounts then sums.profit_amount end
            as ttm_profit_amount
    from cells
    left join sums
        on sums.month_end = cells.month_end
        and sums.evidenced_stage = cells.evidenced_stage
        and sums.interpersonal_stage = cells.interpersonal_stage
)

select * from final
