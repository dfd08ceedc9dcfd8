with accounts as (select * from {{ ref('int_relationships__month_profits') }}),

months as (select month_end from accounts group by month_end),

grid as (
    select
        months.month_end,
        cast(proven.evidenced_stage as bigint) as evidenced_stage
    from months
    cross join (values (0), (1), (2), (3), (4), (5)) as proven (evidenced_stage)
),

margins as (
    select
        *,
        case when net_amount > 0 then {{ ratio('profit_amount', 'net_amount') }} end
            as margin_ratio
    from accounts
),

sums as (
    select
        month_end,
        evidenced_stage,
        count(profit_amount) as accounts_count,
        {{ median_of('cast(profit_amount * 100 as bigint)') }} as median_cents,
        {{ median_of('cast(margin_ratio * 1000000 as bigint)') }} as median_millionths,
        {{ money_sum('net_amount') }} as net_amount
    from margins
    group by month_end, evidenced_stage
),

final as (
    select
        grid.month_end,
        grid.evidenced_stage,
        coalesce(sums.accounts_count, 0) as accounts_count,
        {{ multiply_divide('sums.median_cents', '1', '100') }} as median_profit_amount,
        {{ multiply_divide('sums.median_millionths', '1', '1000000', 6) }} as median_margin_ratio,
        cast(coalesce(sums.net_amount, 0) as decimal(18,2)) as ttm_net_revenue_amount
    from grid
    left join sums
        on sums.month_end = grid.month_end and sums.evidenced_stage = grid.evidenced_stage
)

select * from final
