-- How many warnings were right, and how many tiers came back, counted from the tiers month by month.
-- Red by a warning that is called right, or by a lead that no warning had, or by a tier that is called regained, or by a judgement on a rise.
with tiers as (
    select
        now.tier_unit_id,
        now.month_end,
        {{ standing('now.tier') }} as standing,
        {{ standing('before.tier') }} as standing_before
    from {{ ref('account_tiers') }} as now
    left join {{ ref('account_tiers') }} as before
        on before.tier_unit_id = now.tier_unit_id
        and before.month_end = {{ add_days(month_start('now.month_end'), -1) }}
),

-- The rules moved these units; nobody was told.
moved_by_rules as (
    select tier_unit_id, effective_date from {{ ref('tier_events') }}
    where event_type in ('drop', 'lapsed') and cause = 'config_change'
),

told as (
    select
        'tier_' || event_type as alert_type,
        tier_unit_id,
        effective_date,
        {{ standing('from_tier') }} as standing,
        last_day({{ add_months(
            'effective_date', "case event_type when 'watch' then 3 when 'drop' then 6 end"
        ) }}) as judged_on
    from {{ ref('tier_events') }}
    where event_type in ('watch', 'drop') and cause <> 'config_change'
),

followed as (
    select
        told.alert_type,
        told.tier_unit_id,
        told.effective_date,
        told.judged_on,
        max(tiers.month_end) as last_seen_on,
        min(case
            when told.alert_type = 'tier_drop' and tiers.standing <= told.standing
                then tiers.month_end
            when told.alert_type = 'tier_watch' and tiers.standing > told.standing
                and tiers.standing > tiers.standing_before
                and moved_by_rules.tier_unit_id is null then tiers.month_end
        end) as came_true_on
    from told
    inner join tiers
        on tiers.tier_unit_id = told.tier_unit_id
        and tiers.month_end > told.effective_date
        and tiers.month_end <= told.judged_on
    left join moved_by_rules
        on moved_by_rules.tier_unit_id = tiers.tier_unit_id
        and moved_by_rules.effective_date = tiers.month_end
    group by told.alert_type, told.tier_unit_id, told.effective_date, told.judged_on
),

judged as (
    select
        alert_type,
        judged_on,
        count(*) as judged_count,
        count(came_true_on) as true_count,
        min({{ days_between('effective_date', 'came_true_on') }}) as shortest_days,
        max({{ days_between('effective_date', 'came_true_on') }}) as longest_days
    from followed
    where last_seen_on = judged_on or came_true_on is not null
    group by alert_type, judged_on
),

quality as (
    select
        month_end,
        alert_type,
        watch_lead_days,
        case alert_type
            when 'tier_watch' then watch_precision_ratio when 'tier_drop' then regained_6m_ratio
        end as true_ratio,
        case when alert_type <> 'tier_watch' then watch_precision_ratio end as misplaced_watch_ratio,
        case when alert_type <> 'tier_drop' then regained_6m_ratio end as misplaced_drop_ratio
    from {{ ref('alert_quality') }}
)

select quality.month_end, quality.alert_type
from quality
left join judged
    on judged.judged_on = quality.month_end and judged.alert_type = quality.alert_type
where (
    quality.misplaced_watch_ratio is null
    and quality.misplaced_drop_ratio is null
    and case
        when judged.judged_count is null then quality.true_ratio is null
        when judged.judged_count > 0 then
            abs(quality.true_ratio * judged.judged_count - judged.true_count)
            <= 0.000001 * judged.judged_count
    end
    and case
        when judged.true_count > 0 and quality.alert_type = 'tier_watch' then
            quality.watch_lead_days between judged.shortest_days and judged.longest_days
        when quality.month_end is not null then quality.watch_lead_days is null
    end
) is not true
