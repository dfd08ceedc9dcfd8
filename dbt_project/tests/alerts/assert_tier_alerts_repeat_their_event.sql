-- I38: the alert of a tier event carries its severity, cause and dates, and none is missing.
-- Red by an event that found no account row.
with events as (
    select * from {{ ref('tier_events') }}
    where event_type in ('drop', 'watch', 'lapsed', 'rise', 'reactivated')
),

alerts as (
    select * from {{ ref('alert_events') }} where source_mart = 'tier_events'
)

select events.event_key, alerts.event_key as alert_key
from events
full outer join alerts on alerts.event_key = 'tier_' || events.event_key
where (
    events.severity = alerts.severity
    and events.effective_date = alerts.effective_date
    and events.cause is not distinct from alerts.cause
) is not true
