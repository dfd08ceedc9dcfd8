-- Every order with a typed line has one row: first before cross_sell before repeat, mixed when its
-- lines differ, the sum of their amounts. Red by an order that is left out, or by one whose type is
-- not the strongest of its lines.
with ranked as (
    select
        order_id,
        net_amount,
        case purchase_type when 'first' then 1 when 'cross_sell' then 2 when 'repeat' then 3 end
            as type_rank
    from {{ ref('purchase_types') }}
),

lines as (
    select
        order_id,
        sum(net_amount) as net_amount,
        min(type_rank) as strongest_rank,
        max(type_rank) as weakest_rank
    from ranked
    group by order_id
),

orders as (
    select
        order_id,
        net_amount,
        is_mixed,
        case purchase_type when 'first' then 1 when 'cross_sell' then 2 when 'repeat' then 3 end
            as type_rank
    from {{ ref('customer_orders') }}
)

select lines.order_id, orders.order_id as found_id
from lines
full outer join orders on orders.order_id = lines.order_id
where (
    orders.net_amount = lines.net_amount
    and orders.type_rank = lines.strongest_rank
    and orders.is_mixed = (lines.strongest_rank < lines.weakest_rank)
) is not true
