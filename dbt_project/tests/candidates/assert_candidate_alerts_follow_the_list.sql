-- I38: each entry on the list has one alert, each exit of a unit that is still there another, and there
-- is no other, with the owner's figures of that month-end.
-- Red by an entry that is not told, or by an exit that did not happen, or by an exit as A of a unit that is none.
with candidates as (select * from {{ ref('quasi_key_accounts') }}),

tiers as (select * from {{ ref('account_tiers') }}),

exits as (
    select
        tiers.tier_unit_id,
        tiers.month_end,
        tiers.tier,
        tiers.ttm_profit_amount
    from tiers
    inner join candidates as before
        on before.tier_unit_id = tiers.tier_unit_id
        and before.month_end = {{ add_days(month_start('tiers.month_end'), -1) }}
    left join candidates as now
        on now.tier_unit_id = tiers.tier_unit_id and now.month_end = tiers.month_end
    where now.tier_unit_id is null
),

turns as (
    select
        'candidate_enter' as alert_type,
        candidates.tier_unit_id as unit_id,
        candidates.month_end as effective_date,
        cast(null as {{ text_type() }}) as to_value,
        tiers.ttm_profit_amount as at_stake_amount
    from candidates
    inner join tiers
        on tiers.tier_unit_id = candidates.tier_unit_id
        and tiers.month_end = candidates.month_end
    where candidates.is_new_candidate
    union all
    select
        'candidate_exit' as alert_type,
        tier_unit_id as unit_id,
        month_end as effective_date,
        case when tier = 'A' then 'A' when tier <> 'A' then 'out' end as to_value,
        ttm_profit_amount as at_stake_amount
    from exits
),

alerts as (
    select * from {{ ref('alert_events') }} where source_mart = 'quasi_key_accounts'
)

select turns.unit_id, alerts.event_key
from turns
full outer join alerts
    on alerts.alert_type = turns.alert_type
    and alerts.unit_id = turns.unit_id
    and alerts.effective_date = turns.effective_date
where (
    alerts.to_value is not distinct from turns.to_value
    and alerts.at_stake_amount = turns.at_stake_amount
    and alerts.audience = 'account_team'
) is not true
