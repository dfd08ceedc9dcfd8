-- The first order of each account that was completed and not reversed in full; what was only given
-- back, or was free, is no order. Where no lines of orders are delivered, the order alone tells.
with bought as (select * from {{ ref('int_orders__completed_lines') }} where not is_return),

orders as (select * from {{ ref('stg_erp__orders') }} where status = 'completed'),

lines as (
    select * from {{ ref('stg_erp__order_lines') }} where net_amount > 0 and not is_return
),

reversed as (select * from {{ ref('int_orders__reversed') }}),

-- Internal on D, so without completed lines; it may have been a customer before.
internal as (
    select account_id from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and is_internal
),

completed as (
    {%- if is_present('erp_order_lines') %}
    select account_id, order_date from bought
    union all
    select
        orders.account_id,
        orders.order_date
    from orders
    inner join internal on internal.account_id = orders.account_id
    inner join lines on lines.order_id = orders.order_id
    left join reversed on reversed.order_id = orders.order_id
    where reversed.order_id is null
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
