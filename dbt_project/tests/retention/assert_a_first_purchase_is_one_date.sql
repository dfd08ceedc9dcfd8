-- I27: a customer has first on one date, its earliest one, and every family is new on one date, its
-- earliest one. Red by a first purchase on a second date, or by a family that is new twice.
with types as (select * from {{ ref('purchase_types') }}),

customers as (
    select
        customer_key,
        min(order_date) as first_date,
        min(case when purchase_type = 'first' then order_date end) as earliest_first_date,
        max(case when purchase_type = 'first' then order_date end) as latest_first_date
    from types
    group by customer_key
),

families as (
    select
        customer_key,
        product_family,
        min(order_date) as first_date,
        min(case when purchase_type <> 'repeat' then order_date end) as earliest_new_date,
        max(case when purchase_type <> 'repeat' then order_date end) as latest_new_date,
        min(case when purchase_type = 'repeat' then order_date end) as earliest_repeat_date
    from types
    group by customer_key, product_family
)

select customer_key, 'first' as what
from customers
where (earliest_first_date = first_date and latest_first_date = first_date) is not true
union all
select customer_key, product_family as what
from families
where (
    earliest_new_date = first_date
    and latest_new_date = first_date
    and coalesce(earliest_repeat_date > first_date, true)
) is not true
