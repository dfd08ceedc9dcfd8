-- Each family that a customer added has one row, on the day and with the amount of its purchase, and
-- its windows are complete 270 days later.
-- Red by an added family that is left out, or by another amount, or by a window that closed too early.
with added as (
    select
        customer_key,
        product_family,
        min(order_date) as first_date,
        max(order_date) as last_date,
        sum(net_amount) as net_amount
    from {{ ref('purchase_types') }}
    where purchase_type = 'cross_sell'
    group by customer_key, product_family
)

select added.customer_key, found.customer_key as found_key
from added
full outer join {{ ref('cross_sells') }} as found
    on found.customer_key = added.customer_key and found.product_family = added.product_family
where (
    found.cross_sell_date = added.first_date
    and found.cross_sell_date = added.last_date
    and found.cross_sell_amount = added.net_amount
    and found.is_window_complete = ({{ add_days('added.first_date', 270) }} <= found.as_of_date)
) is not true
