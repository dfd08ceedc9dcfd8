-- N3: whoever was lost before the running month was told of on that day, under the accounts that the
-- customer consisted of then. Red by a loss that nobody heard of, or by an alert of another day.
with losses as (
    select churned.customer_key, churned.churned_date
    from {{ ref('int_retention__churned') }} as churned
    inner join {{ ref('int_calendar__bounds') }} as bounds
        on churned.churned_date <= bounds.last_month_end
    where churned.members_from <= churned.churned_date
),

told as (
    select unit_id, effective_date
    from {{ ref('alert_events') }}
    where alert_type = 'churn_state_enter' and to_value = 'churned'
)

select losses.customer_key, losses.churned_date
from losses
left join told
    on told.unit_id = losses.customer_key and told.effective_date = losses.churned_date
where told.unit_id is null
