-- I36: the drivers of an event add up to its profit change, to the cent, and every negative event
-- with a known prior profit has them. Red by a family that falls out of the split.
with events as (
    select event_key, own_profit_change_amount from {{ ref('tier_events') }}
    where event_type in ('drop', 'lapsed', 'watch')
        and own_profit_change_amount is not null
),

drivers as (
    select event_key, sum(driver_amount) as driver_amount from {{ ref('tier_drop_drivers') }}
    group by event_key
),

products as (
    select
        event_key,
        sum(total_change_amount) as change_amount,
        sum(volume_amount + list_price_amount + discount_amount + unit_cost_amount
            + lost_product_amount + new_product_amount + unexplained_amount) as parts_amount
    from {{ ref('tier_drop_products') }}
    group by event_key
)

select
    events.event_key,
    drivers.event_key as drivers_key,
    products.event_key as products_key
from events
full outer join drivers on drivers.event_key = events.event_key
full outer join products on products.event_key = coalesce(events.event_key, drivers.event_key)
where (
    events.own_profit_change_amount = coalesce(drivers.driver_amount, 0)
    and events.own_profit_change_amount = coalesce(products.change_amount, 0)
    and events.own_profit_change_amount = coalesce(products.parts_amount, 0)
) is not true
