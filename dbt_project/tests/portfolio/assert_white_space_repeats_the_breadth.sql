-- A site of one account alone bought as many families as the account. Red by a family that is left
-- out, or by one that lapsed and is said to be bought.
with single as (
    select
        customer_key,
        max(breadth_count) as breadth_count
    from {{ ref('accounts') }}
    where not is_internal
    group by customer_key
    having count(*) = 1
),

bought as (
    select
        account_id,
        count(*) as families_count
    from {{ ref('white_space') }}
    where status = 'bought'
    group by account_id
)

select single.customer_key
from single
left join bought on bought.account_id = single.customer_key
-- Null where products are not delivered.
where single.breadth_count is not null
    and (single.breadth_count = coalesce(bought.families_count, 0)) is not true
