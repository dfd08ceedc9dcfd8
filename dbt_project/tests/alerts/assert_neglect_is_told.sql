-- D9: a neglected unit is told of at the first month-end of each run, and nobody else is. Red by a
-- neglected unit that nobody heard of, or by an alert of a unit that is not neglected.
with compared as (
    select
        tier_unit_id,
        month_end,
        is_neglected,
        lag(is_neglected) over (partition by tier_unit_id order by month_end) as was_neglected
    from {{ ref('effort_mismatch') }}
),

entered as (select * from compared where is_neglected and was_neglected is not true),

told as (
    select unit_id, effective_date from {{ ref('alert_events') }} where alert_type = 'neglected_a'
)

select
    coalesce(entered.tier_unit_id, told.unit_id) as tier_unit_id,
    coalesce(entered.month_end, told.effective_date) as month_end
from entered
full outer join told
    on told.unit_id = entered.tier_unit_id and told.effective_date = entered.month_end
where entered.tier_unit_id is null or told.unit_id is null
