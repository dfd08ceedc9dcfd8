-- The first order of each account that was completed and not reversed in full; what was only given
-- back, or was free, is no order. Where no lines of orders are delivered, the order alone tells.
with lines as (select * from {{ ref('int_orders__completed_lines') }} where not is_return),

orders as (select * from {{ ref('stg_erp__orders') }} where status = 'completed'),

reversed as (select * from {{ ref('int_orders__reversed') }}),

completed as (
    {%- if is_present('erp_order_lines') %}
    select account_id, order_date from lines
    {%- else %}
    select
        orders.account_id,
        orders.order_date
    from orders
    left join reversed on reversed.order_id = orders.order_id
    where reversed.order_id is null
    {%- endif %}
),

final as (
    select
        account_id,
        min(order_date) as first_order_date
    from completed
    group by account_id
)

select * from final
