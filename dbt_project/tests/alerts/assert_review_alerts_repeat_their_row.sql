-- I38: each run of month-ends with a review starts with one alert, for finance control alone, and
-- there is no other. Red by a review without its alert, or by an alert that the account team reads.
with reviews as (
    select
        'owner_drag_review' as alert_type,
        owner_user_id as unit_id,
        as_of_date,
        is_review_needed
    from {{ ref('owner_receivables') }}
    where is_month_end
    union all
    select
        'cash_control_review' as alert_type,
        cash_control.account_id as unit_id,
        cash_control.as_of_date,
        cash_control.is_review_needed and not aging.is_internal as is_review_needed
    from {{ ref('cash_control') }} as cash_control
    inner join {{ ref('receivables_aging') }} as aging
        on aging.as_of_date = cash_control.as_of_date
        and aging.account_id = cash_control.account_id
    where cash_control.is_month_end
),

starts as (
    select later.alert_type, later.unit_id, later.as_of_date
    from reviews as later
    left join reviews as earlier
        on earlier.alert_type = later.alert_type
        and earlier.unit_id = later.unit_id
        and earlier.as_of_date = {{ add_days(month_start('later.as_of_date'), -1) }}
        and earlier.is_review_needed
    where later.is_review_needed and earlier.unit_id is null
),

alerts as (
    select alert_type, unit_id, effective_date, audience
    from {{ ref('alert_events') }}
    where alert_type in ('owner_drag_review', 'cash_control_review')
)

select starts.alert_type, starts.unit_id, alerts.unit_id as alerted_unit_id
from starts
full outer join alerts
    on alerts.alert_type = starts.alert_type
    and alerts.unit_id = starts.unit_id
    and alerts.effective_date = starts.as_of_date
where (starts.unit_id = alerts.unit_id and alerts.audience = 'finance_control') is not true
