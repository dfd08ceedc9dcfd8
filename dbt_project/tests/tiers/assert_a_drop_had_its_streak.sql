-- I21: a drop needs as many down-eligible month-ends in a row as the rules say.
-- Red by a drop right after a month-end with a streak of 0.
with tiers as (
    select
        tier_unit_id,
        month_end,
        tier_config_valid_from,
        lag(down_streak_count) over (partition by tier_unit_id order by month_end) as streak_before
    from {{ ref('account_tiers') }}
)

select events.event_key, tiers.streak_before
from {{ ref('tier_events') }} as events
left join tiers
    on tiers.tier_unit_id = events.tier_unit_id and tiers.month_end = events.effective_date
left join {{ ref('tier_config') }} as config on config.valid_from = tiers.tier_config_valid_from
where events.event_type = 'drop'
    and (tiers.streak_before + 1 >= config.down_month_ends) is not true
