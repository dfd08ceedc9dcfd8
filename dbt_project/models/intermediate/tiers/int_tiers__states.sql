{%- set none_yet = 'cast(null as ' ~ text_type() ~ ')' -%}
-- The official tier of every unit at every month-end: the state machine over the months in order.
-- Beside it runs the same machine under the old rules for the first months after a change of
-- rules, to tell what the rules alone have changed.
with recursive shares as (select * from {{ ref('int_tiers__shares') }}),

evaluations as (
    select
        shares.*,
        before.tier_unit_id is null as is_first
    from shares
    left join shares as before
        on before.tier_unit_id = shares.tier_unit_id
        and before.month_number = shares.month_number - 1
),

states as (
    select
        now.month_end,
        now.month_number,
        now.tier_unit_id,
        cast(null as {{ text_type() }}) as from_tier,
        cast({{ next_tier(none_yet, '0', 'now') }} as {{ text_type() }}) as tier,
        0 as down_streak_count,
        cast({{ next_tier(none_yet, '0', 'now') }} as {{ text_type() }}) as old_tier,
        0 as old_streak_count,
        now.tier_config_valid_from
    from evaluations as now
    where now.is_first

    union all

    select
        now.month_end,
        now.month_number,
        now.tier_unit_id,
        was.tier as from_tier,
        cast({{ next_tier('was.tier', 'was.down_streak_count', 'now') }} as {{ text_type() }}) as tier,
        {{ next_streak('was.tier', 'was.down_streak_count', 'now') }} as down_streak_count,
        cast(case
            when not now.is_config_new
                then {{ next_tier('was.tier', 'was.down_streak_count', 'now') }}
            when now.tier_config_valid_from = was.tier_config_valid_from
                then {{ next_tier('was.old_tier', 'was.old_streak_count', 'now', 'old_') }}
            -- With each change of rules the comparison starts from what is official.
            when now.tier_config_valid_from <> was.tier_config_valid_from
                then {{ next_tier('was.tier', 'was.down_streak_count', 'now', 'old_') }}
        end as {{ text_type() }}) as old_tier,
        case
            when not now.is_config_new
                then {{ next_streak('was.tier', 'was.down_streak_count', 'now') }}
            when now.tier_config_valid_from = was.tier_config_valid_from
                then {{ next_streak('was.old_tier', 'was.old_streak_count', 'now', 'old_') }}
            when now.tier_config_valid_from <> was.tier_config_valid_from
                then {{ next_streak('was.tier', 'was.down_streak_count', 'now', 'old_') }}
        end as old_streak_count,
        now.tier_config_valid_from
    from states as was
    inner join evaluations as now
        on now.tier_unit_id = was.tier_unit_id and now.month_number = was.month_number + 1
),

final as (
    select
        shares.*,
        states.from_tier,
        states.tier,
        states.down_streak_count,
        shares.is_config_new and states.old_tier = states.from_tier as is_unchanged_by_old_rules,
        shares.is_config_new and not coalesce(
            {{ tier_level('shares.old_raw_tier') }} > {{ tier_level('states.tier') }}, false
        ) as is_no_risk_by_old_rules,
        coalesce(
            shares.rating_status = 'RATED'
            and {{ tier_level('shares.raw_tier') }} > {{ tier_level('states.tier') }}, false
        ) as is_at_risk
    from states
    inner join shares
        on shares.tier_unit_id = states.tier_unit_id
        and shares.month_number = states.month_number
)

select * from final
