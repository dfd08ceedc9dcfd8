-- One row per month-end and account with anything in the twelve months: revenue, profit,
-- purchases. The base of tiers and of the bridge, so that they agree. Where profit is contribution
-- profit, an account that was served and bought nothing has a row too.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

efforts as (
    select
        account_id,
        month_start,
        sum(cost_to_serve_amount) as cost_to_serve_amount
    from {{ ref('int_costs__efforts') }}
    where cost_to_serve_amount <> 0
    group by account_id, month_start
),

active_months as (
    select account_id, month_start from account_months
    union
    select account_id, month_start from efforts
),

first_months as (
    select
        account_id,
        min(month_start) as first_month,
        max(month_start) as last_month
    from active_months
    group by account_id
),

-- Every month from the first one to twelve months after the last: windows need no gaps.
grid as (
    select
        first_months.account_id,
        months.month_end,
        months.month_start,
        months.month_number
    from first_months
    inner join months
        on months.month_start >= first_months.first_month
        and months.window_from <= first_months.last_month
),

filled as (
    select
        grid.account_id,
        grid.month_end,
        coalesce(account_months.lines_count, 0) as lines_count,
        account_months.quantity,
        account_months.net_amount,
        account_months.absolute_net_amount,
        account_months.cost_amount,
        efforts.cost_to_serve_amount,
        account_months.absolute_costed_net_amount,
        account_months.purchase_days_count,
        -- Twelve months in a row have twelve different bits.
        case
            when account_months.purchase_days_count > 0
                then {{ shift_left('1', 'grid.month_number % 12') }}
            else 0
        end as purchase_bit
    from grid
    left join account_months
        on account_months.account_id = grid.account_id
        and account_months.month_start = grid.month_start
    left join efforts
        on efforts.account_id = grid.account_id and efforts.month_start = grid.month_start
),

windows as (
    select
        account_id,
        month_end,
        sum(lines_count) over twelve_months as lines_count,
        sum(quantity) over twelve_months as quantity,
        sum(net_amount) over twelve_months as net_amount,
        sum(absolute_net_amount) over twelve_months as absolute_net_amount,
        sum(cost_amount) over twelve_months as cost_amount,
        sum(cost_to_serve_amount) over twelve_months as cost_to_serve_amount,
        sum(absolute_costed_net_amount) over twelve_months as absolute_costed_net_amount,
        sum(purchase_days_count) over twelve_months as purchase_days_count,
        bit_or(purchase_bit) over twelve_months as purchase_bits
    from filled
    window twelve_months as (
        partition by account_id order by month_end rows between 11 preceding and current row
    )
),

-- Lines without a cost take the average cost ratio of their family (decision 10).
uncosted as (
    select
        months.month_end,
        line_groups.account_id,
        line_groups.product_family,
        sum(line_groups.net_amount - line_groups.costed_net_amount) as net_amount
    from line_groups
    inner join months
        on line_groups.month_start >= months.window_from
        and line_groups.month_start <= months.month_start
    where line_groups.absolute_net_amount <> line_groups.absolute_costed_net_amount
    group by months.month_end, line_groups.account_id, line_groups.product_family
),

imputed as (
    select
        uncosted.month_end,
        uncosted.account_id,
        {{ money_sum(multiply_divide(
            'uncosted.net_amount', 'cost_ratios.ratio_cost_amount', 'cost_ratios.ratio_net_amount'
        )) }} as cost_amount
    from uncosted
    inner join cost_ratios
        on cost_ratios.month_end = uncosted.month_end
        and cost_ratios.product_family = uncosted.product_family
    group by uncosted.month_end, uncosted.account_id
),

measures as (
    select
        month_end,
        measure_used
    from cost_ratios
    group by month_end, measure_used
),

measured as (
    select
        windows.month_end,
        windows.account_id,
        cast(windows.lines_count as bigint) as lines_count,
        cast(coalesce(windows.quantity, 0) as decimal(18,4)) as quantity,
        cast(coalesce(windows.net_amount, 0) as decimal(18,2)) as net_amount,
        cast(coalesce(windows.absolute_net_amount, 0) as decimal(18,2)) as absolute_net_amount,
        cast(coalesce(windows.absolute_costed_net_amount, 0) as decimal(18,2))
            as absolute_costed_net_amount,
        cast(
            coalesce(windows.net_amount, 0) - coalesce(windows.cost_amount, 0)
            - coalesce(imputed.cost_amount, 0)
        as decimal(18,2)) as gross_profit_amount,
        cast(case
            when measures.measure_used = 'contribution_profit'
                then coalesce(windows.cost_to_serve_amount, 0)
        end as decimal(18,2)) as cost_to_serve_amount,
        measures.measure_used,
        cast(coalesce(windows.purchase_days_count, 0) as bigint) as purchase_days_count,
        cast(windows.purchase_bits as integer) as purchase_bits
    from windows
    inner join measures on measures.month_end = windows.month_end
    left join imputed
        on imputed.month_end = windows.month_end and imputed.account_id = windows.account_id
),

final as (
    select
        month_end,
        account_id,
        lines_count,
        quantity,
        net_amount,
        absolute_net_amount,
        absolute_costed_net_amount,
        gross_profit_amount,
        cost_to_serve_amount,
        cast(case measure_used
            when 'net_revenue' then net_amount
            when 'gross_profit' then gross_profit_amount
            when 'contribution_profit' then gross_profit_amount - cost_to_serve_amount
        end as decimal(18,2)) as profit_amount,
        measure_used,
        purchase_days_count,
        purchase_bits
    from measured
    where lines_count > 0 or cost_to_serve_amount <> 0
)

select * from final
