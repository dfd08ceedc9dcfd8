-- The mart has a row for each customer and day with a state, and its state is that of the spell which
-- the day lies in. Red by a state that no spell has, or by a customer that the mart left out.
with lifecycle as (select * from {{ ref('int_retention__lifecycle') }}),

spells as (select * from {{ ref('int_retention__spells') }}),

mart as (select * from {{ ref('customer_lifecycle') }})

select lifecycle.as_of_date, lifecycle.customer_key, mart.customer_key as described_key
from lifecycle
full outer join mart
    on mart.as_of_date = lifecycle.as_of_date and mart.customer_key = lifecycle.customer_key
left join spells
    on spells.customer_key = lifecycle.customer_key
    and spells.members_from = lifecycle.members_from
    and spells.from_date <= lifecycle.as_of_date
    and spells.until_date > lifecycle.as_of_date
where (
    mart.lifecycle_state = spells.lifecycle_state
    and mart.state_since_date = spells.from_date
) is not true
