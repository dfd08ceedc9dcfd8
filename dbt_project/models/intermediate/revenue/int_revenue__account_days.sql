-- The twelve months to D of each account, by the measure of the last month-end.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

line_groups as (
    select * from {{ ref('int_revenue__line_groups') }} where is_in_year_to_d
),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

efforts as (
    select * from {{ ref('int_costs__efforts') }}
    where is_in_year_to_d and cost_to_serve_amount <> 0
),

purchases as (select * from {{ ref('int_revenue__purchases') }}),

ratios as (
    select cost_ratios.* from cost_ratios
    inner join bounds on bounds.last_month_end = cost_ratios.month_end
),

measures as (
    select measure_used from ratios group by measure_used
),

families as (
    select
        account_id,
        product_family,
        sum(lines_count) as lines_count,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount,
        sum(net_amount - costed_net_amount) as uncosted_amount
    from line_groups
    group by account_id, product_family
),

earned as (
    select
        families.account_id,
        families.net_amount,
        families.net_amount - families.cost_amount - coalesce({{ multiply_divide(
            'families.uncosted_amount', 'ratios.ratio_cost_amount', 'ratios.ratio_net_amount')
            }}, 0) as gross_profit_amount,
        0 as cost_to_serve_amount,
        families.lines_count
    from families
    left join ratios on ratios.product_family = families.product_family
    union all
    select
        account_id,
        0 as net_amount,
        0 as gross_profit_amount,
        cost_to_serve_amount,
        0 as lines_count
    from efforts
),

sums as (
    select
        account_id,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('gross_profit_amount') }} as gross_profit_amount,
        {{ money_sum('cost_to_serve_amount') }} as cost_to_serve_amount,
        cast(sum(lines_count) as bigint) as lines_count
    from earned
    group by account_id
),

bought as (
    select purchases.account_id from purchases
    inner join bounds on purchases.purchase_date > bounds.year_start
    group by purchases.account_id
),

final as (
    select
        sums.account_id,
        sums.lines_count,
        sums.net_amount,
        cast(case measures.measure_used
            when 'net_revenue' then sums.net_amount
            when 'gross_profit' then sums.gross_profit_amount
            when 'contribution_profit' then sums.gross_profit_amount - sums.cost_to_serve_amount
        end as decimal(18,2)) as profit_amount,
        bought.account_id is not null as has_purchase
    from sums
    left join measures on true
    left join bought on bought.account_id = sums.account_id
    where sums.lines_count > 0 or measures.measure_used = 'contribution_profit'
)

select * from final
