-- P11, P12: who left accounts behind is told of on the day, with what is exposed, and no other owner is;
-- a team whose departures are a mass departure is told of as well.
-- Red by a departure that nobody heard of, or by an alert of somebody who is here, or by another
-- exposure, or by a mass departure that is not told.
with turnover as (select * from {{ ref('owner_turnover') }} where change_type = 'owner_left'),

alerts as (
    select alerts.* from {{ ref('alert_events') }} as alerts
    inner join {{ ref('int_calendar__bounds') }} as bounds
        on alerts.effective_date > {{ year_from('bounds.as_of_date', -24) }}
    where alerts.alert_type in ('owner_left', 'mass_departure')
),

left_behind as (
    select
        former_owner_user_id as unit_id,
        changed_date,
        sum(profit_at_risk_amount) as profit_at_risk_amount
    from turnover
    group by former_owner_user_id, changed_date
),

told as (select * from alerts where alert_type = 'owner_left'),

untold_teams as (
    select turnover.team
    from turnover
    left join alerts
        on alerts.alert_type = 'mass_departure' and alerts.unit_id = turnover.team
    where turnover.is_mass_departure
    group by turnover.team
    having count(alerts.unit_id) = 0
)

select
    coalesce(left_behind.unit_id, told.unit_id) as unit_id,
    coalesce(left_behind.changed_date, told.effective_date) as changed_date
from left_behind
full join told
    on told.unit_id = left_behind.unit_id and told.effective_date = left_behind.changed_date
where left_behind.profit_at_risk_amount is distinct from told.at_stake_amount
union all
select
    team as unit_id,
    cast(null as date) as changed_date
from untold_teams
