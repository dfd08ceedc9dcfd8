{%- set year_days = 365 -%}
with facts as (
    select * from {{ ref('int_receivables__payment_facts') }} where is_month_end
),

-- The financing cost is the sum of what the accounts cost, rounded as they show it (I13).
channels as (
    select
        as_of_date as month_end,
        channel,
        max(cost_of_capital) as cost_of_capital,
        sum(case when has_lines or gross_open_amount > 0 then 1 else 0 end) as accounts_count,
        cast(sum(net_amount) as decimal(18,2)) as net_amount,
        cast(sum(profit_amount) as decimal(18,2)) as profit_amount,
        cast(sum(gross_open_amount) as decimal(18,2)) as gross_open_amount,
        cast(sum(measured_amount) as decimal(18,2)) as measured_amount,
        cast(sum(to_pay_days_amount) as decimal(28,2)) as to_pay_days_amount,
        cast(sum(average_gross_amount) as decimal(18,2)) as average_gross_amount,
        cast(sum(financing_cost_amount) as decimal(18,2)) as financing_cost_amount
    from facts
    group by as_of_date, channel
),

figures as (
    select
        *,
        case when net_amount > 0 then {{ ratio('profit_amount', 'net_amount') }} end
            as contribution_margin_ratio,
        {{ multiply_divide('to_pay_days_amount', '1', 'measured_amount') }}
            as collection_cycle_days,
        {{ multiply_divide('to_pay_days_amount', 'cost_of_capital',
            'measured_amount * ' ~ year_days, 6) }} as financing_cost_ratio,
        case when average_gross_amount > 0 then
            {{ ratio('profit_amount', 'average_gross_amount') }}
        end as return_on_receivables_ratio
    from channels
),

margins as (
    select
        *,
        cast(contribution_margin_ratio - financing_cost_ratio as decimal(18,6))
            as margin_after_financing_ratio
    from figures
),

final as (
    select
        month_end,
        channel,
        cast(accounts_count as bigint) as accounts_count,
        net_amount as ttm_net_revenue_amount,
        profit_amount as ttm_profit_amount,
        contribution_margin_ratio,
        gross_open_amount,
        collection_cycle_days,
        measured_amount,
        average_gross_amount,
        financing_cost_amount,
        return_on_receivables_ratio,
        margin_after_financing_ratio,
        case when margin_after_financing_ratio is not null then cast(rank() over (
            partition by month_end order by margin_after_financing_ratio desc nulls last
        ) as bigint) end as margin_rank,
        case when return_on_receivables_ratio is not null then cast(rank() over (
            partition by month_end order by return_on_receivables_ratio desc nulls last
        ) as bigint) end as return_rank
    from margins
)

select * from final
