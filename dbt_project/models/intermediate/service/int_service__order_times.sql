-- How long each completed order took: from its date to the last delivery, in the month of that one,
-- and from the quote to the order, in the month of the order. Lines that give back are left out, and
-- an order of which a line is not delivered by D has no time of delivery yet.
with orders as (select * from {{ ref('stg_erp__orders') }} where status = 'completed'),

lines as (
    select * from {{ ref('stg_erp__order_lines') }} where not is_return and net_amount >= 0
),

deliveries as (
    select
        order_id,
        max(delivered_date) as last_delivered_on,
        count(*) = sum(case when delivered_date <= {{ as_of_date() }} then 1 else 0 end)
            as is_delivered
    from lines
    group by order_id
),

final as (
    select
        orders.order_id,
        'delivery' as time_kind,
        orders.account_id,
        {{ month_number('greatest(deliveries.last_delivered_on, orders.order_date)') }}
            as month_number,
        greatest({{ days_between('orders.order_date', 'deliveries.last_delivered_on') }}, 0)
            as elapsed_days
    from orders
    inner join deliveries on deliveries.order_id = orders.order_id
    where deliveries.is_delivered
    union all
    select
        orders.order_id,
        'quote' as time_kind,
        orders.account_id,
        {{ month_number('orders.order_date') }} as month_number,
        {{ days_between('orders.quote_date', 'orders.order_date') }} as elapsed_days
    from orders
    inner join deliveries on deliveries.order_id = orders.order_id
    where orders.quote_date <= orders.order_date
)

select * from final
