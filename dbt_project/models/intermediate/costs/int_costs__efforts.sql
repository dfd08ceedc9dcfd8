-- What serving an account took in each month: visits, calls, cases, completed orders and returns,
-- and their cost at the dated rates (0 where a kind has no rate), with the freight of the orders where
-- it is known. Split where D cuts a month in two.
with activities as (select * from {{ ref('stg_crm__activities') }}),

cases as (select * from {{ ref('stg_crm__service_cases') }}),

fx_rates as (select * from {{ ref('int_fx__rates') }}),

-- The freight is in the currency of the order.
orders as (
    select
        all_orders.*,
        {{ at_rate('all_orders.freight_amount', 'fx_rates.rate_to_base') }} as base_freight_amount
    from {{ ref('stg_erp__orders') }} as all_orders
    left join fx_rates
        on fx_rates.currency_code = all_orders.currency_code
        and fx_rates.rate_day = all_orders.order_date
    where all_orders.status = 'completed'
),

order_lines as (select * from {{ ref('stg_erp__order_lines') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

rates as (
    select
        kind,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by kind order by valid_from), {{ end_of_time() }}
        ) as valid_until,
        amount
    from {{ ref('cost_to_serve_rates') }}
),

-- An order of nothing but returned lines is a return and no order.
returning_orders as (
    select order_id from order_lines where is_return group by order_id
),

returns as (
    select
        returning_orders.order_id,
        sum(case when order_lines.is_return then 0 else 1 end) as sold_lines_count
    from returning_orders
    inner join order_lines on order_lines.order_id = returning_orders.order_id
    group by returning_orders.order_id
),

efforts as (
    select
        account_id,
        activity_date as effort_date,
        channel as kind,
        0 as is_shipped,
        cast(null as decimal(18,2)) as freight_amount
    from activities
    where channel in ('visit', 'call')
    union all
    select
        account_id,
        opened_on as effort_date,
        'case' as kind,
        0 as is_shipped,
        cast(null as decimal(18,2)) as freight_amount
    from cases
    union all
    select
        orders.account_id,
        orders.order_date as effort_date,
        'order' as kind,
        1 as is_shipped,
        orders.base_freight_amount as freight_amount
    from orders
    left join returns on returns.order_id = orders.order_id
    where coalesce(returns.sold_lines_count, 1) > 0
    union all
    -- What was also an order has its freight there.
    select
        orders.account_id,
        orders.order_date as effort_date,
        'return' as kind,
        case when returns.sold_lines_count = 0 then 1 else 0 end as is_shipped,
        case when returns.sold_lines_count = 0 then orders.base_freight_amount end
            as freight_amount
    from orders
    inner join returns on returns.order_id = orders.order_id
),

final as (
    select
        efforts.account_id,
        {{ month_start('efforts.effort_date') }} as month_start,
        efforts.effort_date > bounds.year_start as is_in_year_to_d,
        {%- for kind in ['visit', 'call', 'case', 'order', 'return'] %}
        sum(case when efforts.kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}s_count,
        {%- endfor %}
        {{ money_sum('coalesce(rates.amount, 0) + coalesce(efforts.freight_amount, 0)') }}
            as cost_to_serve_amount,
        {{ money_sum('efforts.freight_amount') }} as freight_amount,
        sum(efforts.is_shipped) as shipped_orders_count,
        sum(case when efforts.freight_amount is not null then 1 else 0 end) as freights_count,
        {{ money_sum("case when efforts.kind in ('visit', 'call') then rates.amount end") }}
            as selling_cost_amount
    from efforts
    cross join bounds
    left join rates
        on rates.kind = efforts.kind
        and rates.valid_from <= efforts.effort_date
        and rates.valid_until > efforts.effort_date
    group by
        efforts.account_id,
        {{ month_start('efforts.effort_date') }},
        efforts.effort_date > bounds.year_start
)

select * from final
