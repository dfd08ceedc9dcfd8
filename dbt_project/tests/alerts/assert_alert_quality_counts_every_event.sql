-- I38: every event of a complete month is counted once, for its type and its owners, and a type has
-- a row at every month-end from its first one on.
-- Red by an event that is counted nowhere, or by a high one that is counted nowhere, or by an owner that is counted nowhere, or by noise of another month, or by a month-end without a row.
with quality as (
    select
        *,
        lag(month_end) over (partition by alert_type order by month_end) as month_end_before,
        max(month_end) over (partition by alert_type) as last_month_end
    from {{ ref('alert_quality') }}
),

bounds as (
    select max(month_end) as last_month_end from {{ ref('int_calendar__month_ends') }}
),

counted as (
    select
        events.alert_type,
        month_ends.month_end,
        {{ days_between('month_ends.month_start', 'month_ends.month_end') }} + 1 as days_count,
        count(*) as events_count,
        count(case when events.severity in ('high', 'critical') then 1 end) as high_events_count,
        count(distinct events.owner_user_id) as owners_count,
        count(case when events.delivery in ('immediate', 'digest') then events.owner_user_id end)
            as told_count
    from {{ ref('alert_events') }} as events
    inner join {{ ref('int_calendar__month_ends') }} as month_ends
        on events.effective_date between month_ends.month_start and month_ends.month_end
    group by
        events.alert_type, month_ends.month_end,
        {{ days_between('month_ends.month_start', 'month_ends.month_end') }}
)

select
    coalesce(quality.alert_type, counted.alert_type) as alert_type,
    coalesce(quality.month_end, counted.month_end) as month_end
from quality
cross join bounds
full outer join counted
    on counted.alert_type = quality.alert_type and counted.month_end = quality.month_end
where (
    quality.events_count = coalesce(counted.events_count, 0)
    and quality.high_events_count = coalesce(counted.high_events_count, 0)
    and quality.owners_count = coalesce(counted.owners_count, 0)
    and case
        when coalesce(counted.owners_count, 0) = 0 then quality.events_per_owner_week is null
        when counted.owners_count > 0 then abs(
            quality.events_per_owner_week * counted.owners_count * counted.days_count
            - counted.told_count * 7
        ) <= 0.000001 * counted.owners_count * counted.days_count
    end
    and quality.last_month_end = bounds.last_month_end
    and coalesce(
        quality.month_end_before = {{ add_days(month_start('quality.month_end'), -1) }}, true
    )
) is not true
