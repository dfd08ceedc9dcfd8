-- Who is churned at D is lost since one day, and who has returned was lost before: the losses and the
-- states of customers say the same. Red by a churned customer without a loss, or by a return that no
-- state knows.
with lifecycle as (select * from {{ ref('customer_lifecycle') }} where is_latest),

losses as (
    select
        customer_key,
        sum(case when came_back_date is null then 1 else 0 end) as open_count,
        max(case when came_back_date is not null then 1 else 0 end) = 1 as has_returned
    from {{ ref('churned_accounts') }}
    group by customer_key
)

select lifecycle.customer_key, losses.customer_key as lost_key
from lifecycle
full outer join losses on losses.customer_key = lifecycle.customer_key
where (
    coalesce(losses.open_count, 0) <= 1
    and (lifecycle.lifecycle_state <> 'churned' or losses.open_count = 1)
    and lifecycle.has_returned_after_churn = coalesce(losses.has_returned, false)
) is not true
