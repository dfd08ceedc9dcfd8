-- One row per tier event: a change of the official tier, or the first month of an at-risk run.
with states as (select * from {{ ref('int_tiers__states') }}),

effects as (select * from {{ ref('int_tiers__hierarchy_effects') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

with_past as (
    select
        states.*,
        lag(is_at_risk) over by_unit as was_at_risk,
        -- A bulk purchase that left the window at this month-end, or at the one before.
        lag(is_purchase_leaving and purchase_months_count = 1 and rating_status = 'RATED'
            and raw_tier in ('A', 'B')) over by_unit as has_bulk_left,
        lag(is_purchase_leaving and purchase_months_count = 1 and rating_status = 'RATED'
            and raw_tier in ('A', 'B'), 2) over by_unit as had_bulk_left
    from states
    window by_unit as (partition by tier_unit_id order by month_number)
),

typed as (
    select
        with_past.*,
        case
            when from_tier is null and tier in ('A', 'B', 'C') then 'first_rating'
            when from_tier is null or from_tier = tier then null
            when tier = 'INACTIVE' then 'lapsed'
            when from_tier = 'INACTIVE' and tenure_days >= {{ days_between(
                month_start('month_end'), 'month_end') }} + 1 then 'reactivated'
            when from_tier = 'INACTIVE' or tier = 'NEW' then 'first_purchase'
            when from_tier = 'NEW' then 'first_rating'
            when {{ tier_level('tier') }} > {{ tier_level('from_tier') }} then 'drop'
            when {{ tier_level('tier') }} < {{ tier_level('from_tier') }} then 'rise'
        end as event_type
    from with_past
),

changes as (
    select
        typed.*,
        typed.event_type as kind,
        typed.from_tier as tier_before,
        typed.tier as tier_after
    from typed
    where typed.event_type is not null
    union all
    select
        typed.*,
        'watch' as kind,
        typed.tier as tier_before,
        typed.raw_tier as tier_after
    from typed
    where typed.is_at_risk and typed.was_at_risk is not true
),

-- Membership counts in the month of the event and, for a drop, in the months of its streak.
moved as (
    select
        changes.tier_unit_id,
        changes.month_number,
        changes.kind,
        sum(effects.effect_amount) as effect_amount
    from changes
    inner join effects
        on effects.tier_unit_id = changes.tier_unit_id
        and effects.month_number <= changes.month_number
        and effects.month_number > changes.month_number - changes.down_month_ends
    where changes.kind = 'drop' or effects.month_number = changes.month_number
    group by changes.tier_unit_id, changes.month_number, changes.kind
),

final as (
    select
        changes.month_end as effective_date,
        changes.month_number,
        months.epoch_date,
        months.is_bridge_month,
        changes.tier_unit_id,
        changes.kind as event_type,
        changes.tier_before as from_tier,
        changes.tier_after as to_tier,
        changes.profit_amount,
        changes.measure_used,
        before_streak.profit_rank as profit_rank_before,
        changes.kind in ('drop', 'lapsed', 'watch') as is_negative,
        case changes.kind
            when 'watch' then changes.is_no_risk_by_old_rules
            else changes.is_unchanged_by_old_rules
        end as is_config_change,
        coalesce(moved.effect_amount < 0, false) as is_hierarchy_change,
        changes.kind in ('drop', 'lapsed') and (
            coalesce(changes.has_bulk_left, false)
            or (changes.kind = 'drop' and coalesce(changes.had_bulk_left, false))
        ) as is_one_off_roll_off
    from changes
    inner join months on months.month_end = changes.month_end
    -- Who was the largest is asked at the last month-end before the streak that made the drop.
    left join states as before_streak
        on before_streak.tier_unit_id = changes.tier_unit_id
        and before_streak.month_number = changes.month_number - changes.down_month_ends
    left join moved
        on moved.tier_unit_id = changes.tier_unit_id
        and moved.month_number = changes.month_number
        and moved.kind = changes.kind
)

select * from final
