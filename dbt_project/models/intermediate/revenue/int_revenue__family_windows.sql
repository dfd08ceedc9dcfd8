-- The twelve months of each account by product family, at the month-ends of the tiers. Cost to
-- serve belongs to no family, so profit is before it.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

family_months as (
    select
        account_id,
        product_family,
        month_start,
        sum(lines_count) as lines_count,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('cost_amount') }} as cost_amount,
        {{ money_sum('net_amount - costed_net_amount') }} as uncosted_amount
    from line_groups
    group by account_id, product_family, month_start
),

spans as (
    select
        account_id,
        product_family,
        min(month_start) as first_month,
        max(month_start) as last_month
    from family_months
    group by account_id, product_family
),

-- Every month from the first one to eleven months after the last: windows need no gaps.
filled as (
    select
        spans.account_id,
        spans.product_family,
        months.month_end,
        months.is_tier_month,
        family_months.lines_count,
        family_months.net_amount,
        family_months.cost_amount,
        family_months.uncosted_amount
    from spans
    inner join months
        on months.month_start >= spans.first_month and months.window_from <= spans.last_month
    left join family_months
        on family_months.account_id = spans.account_id
        and family_months.product_family = spans.product_family
        and family_months.month_start = months.month_start
),

windows as (
    select
        account_id,
        product_family,
        month_end,
        is_tier_month,
        sum(lines_count) over twelve_months as lines_count,
        cast(sum(net_amount) over twelve_months as decimal(18,2)) as net_amount,
        cast(sum(cost_amount) over twelve_months as decimal(18,2)) as cost_amount,
        cast(sum(uncosted_amount) over twelve_months as decimal(18,2)) as uncosted_amount
    from filled
    window twelve_months as (
        partition by account_id, product_family order by month_end
        rows between 11 preceding and current row
    )
),

final as (
    select
        windows.month_end,
        windows.account_id,
        windows.product_family,
        windows.net_amount,
        cast(case cost_ratios.measure_used
            when 'net_revenue' then windows.net_amount
            else windows.net_amount - windows.cost_amount - coalesce({{ multiply_divide(
                'windows.uncosted_amount', 'cost_ratios.ratio_cost_amount',
                'cost_ratios.ratio_net_amount') }}, 0)
        end as decimal(18,2)) as profit_amount
    from windows
    inner join cost_ratios
        on cost_ratios.month_end = windows.month_end
        and cost_ratios.product_family = windows.product_family
    where windows.is_tier_month and windows.lines_count > 0
)

select * from final
