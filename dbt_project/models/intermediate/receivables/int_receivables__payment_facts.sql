-- How each external account pays, what it earns and what the waiting costs, by the version of the
-- account and the rules of the day described. Profit is null when only revenue is known.
with grid as (
    select * from {{ ref('int_receivables__account_days') }} where not is_internal
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

cycles as (select * from {{ ref('int_receivables__payment_cycles') }}),

averages as (select * from {{ ref('int_receivables__average_balances') }}),

items as (
    select * from {{ ref('int_receivables__items_by_day') }} where kind = 'invoice'
),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

windows as (select * from {{ ref('int_revenue__account_windows') }}),

year_to_d as (select * from {{ ref('int_revenue__account_days') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

rules as (
    select
        *,
        coalesce(lead(valid_from) over (order by valid_from), {{ end_of_time() }}) as valid_until
    from {{ ref('payment_rules') }}
),

gross as (
    select
        as_of_date,
        account_id,
        {{ money_sum('open_amount') }} as gross_open_amount
    from items
    group by as_of_date, account_id
),

measures as (
    select
        month_end,
        measure_used
    from cost_ratios
    group by month_end, measure_used
),

-- A month-end has its twelve complete months; D inside a month has (D - 12 months, D].
sales as (
    select
        month_end as as_of_date,
        account_id,
        lines_count,
        net_amount,
        profit_amount
    from windows
    union all
    select
        bounds.as_of_date,
        year_to_d.account_id,
        year_to_d.lines_count,
        year_to_d.net_amount,
        year_to_d.profit_amount
    from year_to_d
    inner join bounds on bounds.as_of_date > bounds.last_month_end
),

day_measures as (
    select month_end as as_of_date, measure_used from measures
    union all
    select bounds.as_of_date, measures.measure_used
    from measures
    inner join bounds
        on bounds.last_month_end = measures.month_end and bounds.as_of_date > bounds.last_month_end
),

final as (
    select
        grid.as_of_date,
        grid.account_id,
        grid.is_month_end,
        grid.is_latest,
        grid.tier_unit_id,
        versions.channel,
        versions.owner_user_id,
        versions.payment_terms_days,
        coalesce(sales.lines_count, 0) > 0 as has_lines,
        cast(coalesce(sales.net_amount, 0) as decimal(18,2)) as net_amount,
        cast(case when day_measures.measure_used <> 'net_revenue'
            then coalesce(sales.profit_amount, 0) end as decimal(18,2)) as profit_amount,
        coalesce(gross.gross_open_amount, 0) as gross_open_amount,
        cycles.measured_invoices_count,
        cycles.measured_amount,
        cycles.to_pay_days_amount,
        cycles.late_days_amount,
        cycles.oldest_overdue_days,
        averages.average_gross_amount,
        {{ at_rate('averages.average_gross_amount', 'rules.cost_of_capital') }}
            as financing_cost_amount,
        rules.cost_of_capital,
        rules.over_terms_days,
        rules.peer_multiple,
        rules.minimum_invoices,
        rules.minimum_peers
    from grid
    inner join cycles
        on cycles.as_of_date = grid.as_of_date and cycles.account_id = grid.account_id
    inner join averages
        on averages.as_of_date = grid.as_of_date and averages.account_id = grid.account_id
    inner join versions
        on versions.account_id = grid.account_id
        and versions.valid_from <= grid.as_of_date
        and versions.valid_to > grid.as_of_date
    inner join rules
        on rules.valid_from <= grid.as_of_date and rules.valid_until > grid.as_of_date
    left join gross
        on gross.as_of_date = grid.as_of_date and gross.account_id = grid.account_id
    left join sales
        on sales.as_of_date = grid.as_of_date and sales.account_id = grid.account_id
    left join day_measures on day_measures.as_of_date = grid.as_of_date
)

select * from final
