{#- What must be there before an alert of a type can be raised: a month of documents, twelve, twice as
    many, three times as many, open receivables, promises to pay them, our people, or what was
    logged (and, for stages, orders). -#}
{%- set needs = {
    'tier_drop': 'tiers', 'tier_watch': 'tiers', 'tier_lapsed': 'tiers', 'tier_rise': 'tiers',
    'tier_reactivated': 'tiers', 'tier_config_change': 'tiers',
    'candidate_enter': 'tiers', 'candidate_exit': 'tiers',
    'concentration_threshold': 'tiers',
    'owner_left': 'owners', 'mass_departure': 'owners', 'base_eroding': 'two_bridges',
    'bought_growth': 'prior_year',
    'churn_state_enter': 'documents', 'won_back': 'documents', 'neglected_a': 'efforts',
    'contact_overdue': 'efforts',
    'single_threaded_enter': 'relationships', 'stage_loss': 'relationships',
    'payment_trap_enter': 'receivables', 'payment_trap_exit': 'receivables',
    'overdue_90_enter': 'receivables', 'credit_watch': 'receivables',
    'credit_hold': 'receivables', 'owner_drag_review': 'receivables',
    'cash_control_review': 'receivables', 'reconciliation_failed': 'receivables',
    'promise_broken': 'promises'
} -%}
{%- set watch_months, regain_months = 3, 6 -%}
-- A type has a row at every complete month-end at which it could be raised: none is a measured zero.
-- What the rules alone changed is told to nobody (delivery none): it is counted and not judged.
with events as (select * from {{ ref('alert_events') }}),

month_ends as (select * from {{ ref('int_calendar__month_ends') }}),

states as (select * from {{ ref('int_tiers__states') }}),

grid as (
    select
        month_ends.month_end,
        month_ends.month_number,
        {{ days_between('month_ends.month_start', 'month_ends.month_end') }} + 1 as days_count,
        kinds.alert_type
    from month_ends
    cross join (
        values
        {%- for alert_type, basis in needs.items() %}
            ('{{ alert_type }}', '{{ basis }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as kinds (alert_type, basis)
    left join month_ends as two_bridges
        on two_bridges.month_end = month_ends.opening_to and two_bridges.is_bridge_month
    where (kinds.basis = 'tiers' and month_ends.is_tier_month)
        or kinds.basis = 'documents'
        {%- if is_present('crm_activities') %}
        or (kinds.basis = 'efforts' and month_ends.is_tier_month)
        {%- endif %}
        {%- if is_present('crm_activities') and is_present('erp_orders') %}
        or kinds.basis = 'relationships'
        {%- endif %}
        or (kinds.basis = 'prior_year' and month_ends.is_bridge_month)
        or (kinds.basis = 'two_bridges' and two_bridges.month_end is not null)
        {%- if is_present('crm_users') %}
        or kinds.basis = 'owners'
        {%- endif %}
        {%- if is_present('erp_payment_applications') %}
        or kinds.basis = 'receivables'
        {%- endif %}
        {%- if is_present('erp_payment_applications') and is_present('erp_payment_promises') %}
        or kinds.basis = 'promises'
        {%- endif %}
),

counted as (
    select
        last_day(effective_date) as month_end,
        alert_type,
        count(*) as events_count,
        sum(case when severity in ('high', 'critical') then 1 else 0 end) as high_events_count,
        count(distinct owner_user_id) as owners_count,
        sum(case when owner_user_id is not null and delivery <> 'none' then 1 else 0 end)
            as told_count
    from events
    group by last_day(effective_date), alert_type
),

told as (
    select
        alert_type,
        unit_id,
        effective_date,
        {{ month_number('effective_date') }} as month_number,
        {{ standing('from_value') }} as from_standing,
        {{ standing('to_value') }} as to_standing
    from events
    where alert_type in ('tier_watch', 'tier_drop', 'tier_lapsed') and delivery <> 'none'
),

-- The first drop after a watch, or the end of all sales, that leaves less than the tier watched.
watches as (
    select
        watched.unit_id,
        watched.effective_date,
        watched.month_number + {{ watch_months }} as month_number,
        min(fallen.effective_date) as fallen_on
    from told as watched
    left join told as fallen
        on fallen.unit_id = watched.unit_id
        and fallen.alert_type in ('tier_drop', 'tier_lapsed')
        and fallen.month_number > watched.month_number
        and fallen.month_number <= watched.month_number + {{ watch_months }}
        and fallen.to_standing > watched.from_standing
    where watched.alert_type = 'tier_watch'
    group by watched.unit_id, watched.effective_date, watched.month_number
),

-- A unit that joined another one since, and did not fall before, proves nothing.
watch_quality as (
    select
        watches.month_number,
        count(*) as judged_count,
        count(watches.fallen_on) as right_count,
        {{ median_of(days_between('watches.effective_date', 'watches.fallen_on')) }} as lead_days
    from watches
    left join states
        on states.tier_unit_id = watches.unit_id and states.month_number = watches.month_number
    where watches.fallen_on is not null or states.tier_unit_id is not null
    group by watches.month_number
),

drops as (
    select
        dropped.unit_id,
        dropped.month_number + {{ regain_months }} as month_number,
        max(case when {{ standing('states.tier') }} <= dropped.from_standing then 1 else 0 end)
            as is_regained,
        max(states.month_number) as last_month_number
    from told as dropped
    inner join states
        on states.tier_unit_id = dropped.unit_id
        and states.month_number > dropped.month_number
        and states.month_number <= dropped.month_number + {{ regain_months }}
    where dropped.alert_type = 'tier_drop'
    group by dropped.unit_id, dropped.month_number
),

drop_quality as (
    select
        month_number,
        count(*) as judged_count,
        sum(is_regained) as regained_count
    from drops
    where is_regained = 1 or last_month_number = month_number
    group by month_number
),

final as (
    select
        grid.month_end,
        grid.alert_type,
        coalesce(counted.events_count, 0) as events_count,
        cast(coalesce(counted.high_events_count, 0) as bigint) as high_events_count,
        coalesce(counted.owners_count, 0) as owners_count,
        {{ ratio('counted.told_count * 7', 'counted.owners_count * grid.days_count') }}
            as events_per_owner_week,
        {{ ratio('watch_quality.right_count', 'watch_quality.judged_count') }}
            as watch_precision_ratio,
        watch_quality.lead_days as watch_lead_days,
        {{ ratio('drop_quality.regained_count', 'drop_quality.judged_count') }}
            as regained_6m_ratio
    from grid
    left join counted
        on counted.month_end = grid.month_end and counted.alert_type = grid.alert_type
    left join watch_quality
        on watch_quality.month_number = grid.month_number and grid.alert_type = 'tier_watch'
    left join drop_quality
        on drop_quality.month_number = grid.month_number and grid.alert_type = 'tier_drop'
)

select * from final
