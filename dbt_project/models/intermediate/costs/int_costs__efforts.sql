-- What serving an account took in each month: visits, calls, cases, completed orders and returns,
-- and their cost at the dated rates (0 where a kind has no rate). Split where D cuts a month in two.
with activities as (select * from {{ ref('stg_crm__activities') }}),

cases as (select * from {{ ref('stg_crm__service_cases') }}),

orders as (select * from {{ ref('stg_erp__orders') }}),

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
    select account_id, activity_date as effort_date, channel as kind from activities
    where channel in ('visit', 'call')
    union all
    select account_id, opened_on as effort_date, 'case' as kind from cases
    union all
    select orders.account_id, orders.order_date as effort_date, 'order' as kind
    from orders
    left join returns on returns.order_id = orders.order_id
    where orders.status = 'completed' and coalesce(returns.sold_lines_count, 1) > 0
    union all
    select orders.account_id, orders.order_date as effort_date, 'return' as kind
    from orders
    inner join returns on returns.order_id = orders.order_id
    where orders.status = 'completed'
),

final as (
    select
        efforts.account_id,
        {{ month_start('efforts.effort_date') }} as month_start,
        efforts.effort_date > bounds.year_start as is_in_year_to_d,
        {%- for kind in ['visit', 'call', 'case', 'order', 'return'] %}
        sum(case when efforts.kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}s_count,
        {%- endfor %}
        {{ money_sum('rates.amount') }} as cost_to_serve_amount,
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
