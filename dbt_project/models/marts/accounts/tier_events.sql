with changes as (select * from {{ ref('int_tiers__changes') }}),

prior_profits as (select * from {{ ref('int_tiers__prior_profits') }}),

regain as (select * from {{ ref('int_tiers__regain') }}),

shares as (select * from {{ ref('int_tiers__shares') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

aging as (select * from {{ ref('receivables_aging') }}),

stages as (select * from {{ ref('int_relationships__stages') }} where is_month_end),

rules as ({{ dated_rule('overdue_90_share_of_profit') }}),

-- A group hangs on single people where each of its accounts does that anybody talks with.
threads as (
    select
        as_of_date,
        tier_unit_id,
        sum(case when is_single_threaded then 1 else 0 end) > 0
            and sum(case when activities_count > 0 and not is_single_threaded then 1 else 0 end) = 0
            as is_single_threaded
    from stages
    group by as_of_date, tier_unit_id
),

-- The smallest profit that reached a tier at a month-end.
thresholds as (
    select
        month_end,
        month_number,
        min(case when raw_tier = 'A' and profit_amount > 0 then profit_amount end) as a_amount,
        min(case when raw_tier in ('A', 'B') and profit_amount > 0 then profit_amount end)
            as b_amount
    from shares
    where lines_count > 0
    group by month_end, month_number
),

overdue as (
    select
        changes.effective_date,
        changes.tier_unit_id,
        changes.event_type,
        sum(aging.overdue_90_plus_amount) as overdue_90_plus_amount
    from changes
    inner join units
        on units.epoch_date = changes.epoch_date and units.tier_unit_id = changes.tier_unit_id
    inner join aging
        on aging.account_id = units.account_id and aging.as_of_date = changes.effective_date
    group by changes.effective_date, changes.tier_unit_id, changes.event_type
),

joined as (
    select
        changes.*,
        versions.owner_user_id,
        prior_profits.profit_prior_amount,
        cast(changes.profit_amount - prior_profits.profit_prior_amount as decimal(18,2))
            as own_profit_change_amount,
        case changes.from_tier
            when 'A' then now_thresholds.a_amount - then_thresholds.a_amount
            when 'B' then now_thresholds.b_amount - then_thresholds.b_amount
        end as threshold_change_amount,
        regain.profit_to_regain_amount,
        coalesce(
            overdue.overdue_90_plus_amount > 0
            and overdue.overdue_90_plus_amount > changes.profit_amount * rules.amount, false
        ) as has_heavy_overdue,
        coalesce(changes.profit_rank_before = 1, false) as is_largest,
        coalesce(threads.is_single_threaded, false) as is_single_threaded
    from changes
    inner join versions
        on versions.account_id = changes.tier_unit_id
        and versions.valid_from <= changes.effective_date
        and versions.valid_to > changes.effective_date
    inner join rules
        on rules.valid_from <= changes.effective_date
        and rules.valid_until > changes.effective_date
    left join prior_profits
        on prior_profits.effective_date = changes.effective_date
        and prior_profits.tier_unit_id = changes.tier_unit_id
    left join regain
        on regain.effective_date = changes.effective_date
        and regain.tier_unit_id = changes.tier_unit_id
        and regain.event_type = changes.event_type
    left join thresholds as now_thresholds
        on now_thresholds.month_number = changes.month_number
    left join thresholds as then_thresholds
        on then_thresholds.month_number = changes.month_number - 12
    left join overdue
        on overdue.effective_date = changes.effective_date
        and overdue.tier_unit_id = changes.tier_unit_id
        and overdue.event_type = changes.event_type
    left join threads
        on threads.as_of_date = changes.effective_date
        and threads.tier_unit_id = changes.tier_unit_id
),

judged as (
    select
        joined.*,
        case
            when not is_negative then null
            when is_config_change then 'config_change'
            when is_hierarchy_change then 'hierarchy_change'
            when is_one_off_roll_off then 'one_off_roll_off'
            -- A unit that left did not drop because others grew.
            when event_type <> 'lapsed' and own_profit_change_amount >= 0 then 'relative'
            when is_negative then 'own_decline'
        end as cause,
        case
            when event_type = 'drop' and from_tier = 'A' and to_tier = 'B' then 'high'
            when event_type = 'drop' and from_tier = 'A' and to_tier = 'C' then 'critical'
            when event_type = 'drop' and from_tier = 'B' then 'medium'
            when event_type = 'lapsed' and from_tier = 'A' then 'critical'
            when event_type = 'lapsed' and from_tier = 'B' then 'high'
            when event_type = 'lapsed' and from_tier in ('C', 'NEW') then 'low'
            when event_type = 'watch' then 'low'
            when event_type in ('first_purchase', 'first_rating', 'rise', 'reactivated') then 'info'
        end as base_severity
    from joined
),

-- At most one step in all; what is set to info is not raised again (ruling 12).
stepped as (
    select
        judged.*,
        case base_severity
            when 'info' then 0 when 'low' then 1 when 'medium' then 2 when 'high' then 3
            when 'critical' then 4
        end as base_level,
        case
            when cause = 'relative' then -1 else 0
        end + case
            when event_type = 'drop' and (has_heavy_overdue or is_single_threaded or is_largest)
                then 1
            else 0
        end as steps
    from judged
),

levelled as (
    select
        stepped.*,
        case
            when cause in ('config_change', 'hierarchy_change', 'one_off_roll_off') then 0
            else greatest(least(base_level + steps, 4), 0)
        end as level
    from stepped
),

final as (
    select
        {{ event_key(['event_type', 'tier_unit_id', 'from_tier', 'to_tier',
            'cast(effective_date as ' ~ text_type() ~ ')']) }} as event_key,
        effective_date,
        tier_unit_id,
        event_type,
        from_tier,
        to_tier,
        cast(case
            when event_type = 'drop' then {{ tier_level('to_tier') }} - {{ tier_level('from_tier') }}
        end as bigint) as levels_dropped_count,
        case level
            when 0 then 'info' when 1 then 'low' when 2 then 'medium' when 3 then 'high'
            when 4 then 'critical'
        end as severity,
        base_severity,
        cause,
        owner_user_id,
        profit_amount as profit_current_amount,
        profit_prior_amount,
        own_profit_change_amount,
        case when profit_prior_amount > 0 then
            {{ ratio('own_profit_change_amount', 'profit_prior_amount') }}
        end as own_profit_change_ratio,
        cast(threshold_change_amount as decimal(18,2)) as threshold_change_amount,
        profit_to_regain_amount,
        coalesce(cause = 'one_off_roll_off', false) or level < 3 as is_digest_only,
        nullif(concat_ws(
            '|',
            case when cause = 'config_change' and base_level > 0 then 'lowered_config_change' end,
            case when cause = 'hierarchy_change' and base_level > 0
                then 'lowered_hierarchy_change' end,
            case when cause = 'one_off_roll_off' and base_level > 0 then 'lowered_one_off' end,
            case when cause = 'relative' and base_level > 0 then 'lowered_relative' end,
            case when event_type = 'drop' and has_heavy_overdue
                and cause in ('relative', 'own_decline') then 'overdue_90_over_10pct_of_profit' end,
            case when event_type = 'drop' and is_single_threaded
                and cause in ('relative', 'own_decline') then 'single_threaded' end,
            case when event_type = 'drop' and is_largest
                and cause in ('relative', 'own_decline') then 'top1_account' end
        ), '') as severity_reasons
    from levelled
)

select * from final
