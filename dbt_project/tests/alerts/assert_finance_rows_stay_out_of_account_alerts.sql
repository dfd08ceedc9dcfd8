-- Ruling 26: what BI reads is exactly the events for account teams and BI.
-- Red by an owner drag event in account_alerts.
select coalesce(events.event_key, alerts.event_key) as event_key
from (
    select event_key from {{ ref('alert_events') }} where audience in ('bi', 'account_team')
) as events
full outer join {{ ref('account_alerts') }} as alerts on alerts.event_key = events.event_key
where (events.event_key = alerts.event_key and alerts.audience in ('bi', 'account_team')) is not true
