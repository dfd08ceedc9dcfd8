-- Every customer that has bought has one state at D, since the first purchase that its cohort has.
-- Red by a customer that bought and has no state, or by a state of a customer that never bought.
with epochs as (select max(epoch_date) as epoch_date from {{ ref('int_identity__epochs') }}),

customers as (
    select
        customers.customer_key,
        customers.first_purchase_date
    from {{ ref('int_retention__customers') }} as customers
    inner join epochs on epochs.epoch_date = customers.epoch_date
    where customers.first_purchase_date is not null
),

lifecycle as (select * from {{ ref('int_retention__lifecycle') }} where is_latest)

select customers.customer_key, lifecycle.customer_key as described_key
from customers
full outer join lifecycle on lifecycle.customer_key = customers.customer_key
where (
    lifecycle.first_purchase_date = customers.first_purchase_date
    and lifecycle.lifecycle_state in ('active', 'at_risk', 'churned')
) is not true
