-- I21, I22: a change in the history has exactly one event, and an event that is no watch has its
-- change. Red by an event without a period that starts on its day.
with history as (
    select
        tier_unit_id,
        tier,
        valid_from,
        lag(tier) over (partition by tier_unit_id order by valid_from) as tier_before,
        lag(valid_to) over (partition by tier_unit_id order by valid_from) as ended_on
    from {{ ref('account_tier_history') }}
),

-- A first period NEW or INACTIVE has no event (ruling 7).
changes as (
    select
        tier_unit_id,
        valid_from as effective_date,
        tier as to_tier,
        case when ended_on = valid_from then tier_before end as from_tier
    from history
    where tier in ('A', 'B', 'C') or (tier_before is not null and ended_on = valid_from)
),

events as (
    select tier_unit_id, effective_date, to_tier, from_tier
    from {{ ref('tier_events') }} where event_type <> 'watch'
)

select
    coalesce(changes.tier_unit_id, events.tier_unit_id) as tier_unit_id,
    coalesce(changes.effective_date, events.effective_date) as effective_date
from changes
full outer join events
    on events.tier_unit_id = changes.tier_unit_id
    and events.effective_date = changes.effective_date
where (
    changes.to_tier = events.to_tier and changes.from_tier is not distinct from events.from_tier
) is not true
