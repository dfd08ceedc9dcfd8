-- I36: the drivers of an event add up to its profit change, to the cent, and its families to all
-- of it but the cost to serve. Every negative event with a known prior profit has them.
-- Red by a family that falls out of the split, or by a cost to serve that nobody caused.
with events as (
    select event_key, own_profit_change_amount from {{ ref('tier_events') }}
    where event_type in ('drop', 'lapsed', 'watch')
        and own_profit_change_amount is not null
),

drivers as (
    select
        event_key,
        sum(driver_amount) as driver_amount,
        sum(case when driver = 'cost_to_serve' then driver_amount else 0 end)
            as cost_to_serve_amount
    from {{ ref('tier_drop_drivers') }}
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
    and events.own_profit_change_amount - coalesce(drivers.cost_to_serve_amount, 0)
        = coalesce(products.change_amount, 0)
    and events.own_profit_change_amount - coalesce(drivers.cost_to_serve_amount, 0)
        = coalesce(products.parts_amount, 0)
) is not true
