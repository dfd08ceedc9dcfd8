-- How much more profit a unit would have needed at the month-end of a negative event to hold its
-- tier again: the smallest profit p with (positive profits above p) < limit x (total with p).
with changes as (
    select * from {{ ref('int_tiers__changes') }} where is_negative and from_tier in ('A', 'B')
),

shares as (select * from {{ ref('int_tiers__shares') }}),

config as (select * from {{ ref('tier_config') }}),

-- Who is inactive has no share of its own; the total of its month-end is that of the others.
totals as (
    select
        month_end,
        max(positive_total_amount) as positive_total_amount
    from shares
    group by month_end
),

-- Back up takes the threshold less the band; a unit still holding its tier, or one that comes back
-- from inactive, needs the plain threshold.
targets as (
    select
        changes.effective_date,
        changes.tier_unit_id,
        changes.event_type,
        changes.profit_amount,
        totals.positive_total_amount - greatest(changes.profit_amount, 0) as others_amount,
        case changes.from_tier when 'A' then config.threshold_a when 'B' then config.threshold_b end
            - case when changes.event_type = 'drop' then config.band else 0 end as limit_share
    from changes
    inner join shares
        on shares.month_end = changes.effective_date
        and shares.tier_unit_id = changes.tier_unit_id
    inner join totals on totals.month_end = changes.effective_date
    inner join config on config.valid_from = shares.tier_config_valid_from
),

limits as (
    select
        effective_date,
        limit_share
    from targets
    group by effective_date, limit_share
),

-- The last unit within the limit today. More profit for the target only raises the total, so the
-- answer lies at this unit or among the few just below it.
crossings as (
    select
        limits.effective_date,
        limits.limit_share,
        min(shares.profit_amount) as crossing_amount
    from limits
    inner join shares on shares.month_end = limits.effective_date
    where shares.profit_amount > 0
        and {{ is_below('shares.before_amount', 'shares.positive_total_amount',
            'limits.limit_share') }}
    group by limits.effective_date, limits.limit_share
),

candidates as (
    select
        crossings.effective_date,
        crossings.limit_share,
        shares.profit_amount,
        shares.before_amount,
        shares.through_amount
    from crossings
    inner join shares on shares.month_end = crossings.effective_date
    where shares.profit_amount > 0
        and shares.profit_amount <= crossings.crossing_amount
        and {{ is_below('shares.before_amount',
            'shares.positive_total_amount + crossings.crossing_amount', 'crossings.limit_share') }}
    group by
        crossings.effective_date,
        crossings.limit_share,
        shares.profit_amount,
        shares.before_amount,
        shares.through_amount
),

-- The smallest profit of another unit that would do, and what is earned down to it.
reached as (
    select
        targets.effective_date,
        targets.tier_unit_id,
        targets.event_type,
        min(candidates.profit_amount) as reached_amount,
        max(candidates.through_amount) as through_amount
    from targets
    inner join candidates
        on candidates.effective_date = targets.effective_date
        and candidates.limit_share = targets.limit_share
        and candidates.profit_amount > targets.profit_amount
    where {{ is_below('candidates.before_amount',
        'targets.others_amount + candidates.profit_amount', 'targets.limit_share') }}
    group by targets.effective_date, targets.tier_unit_id, targets.event_type
),

final as (
    select
        targets.effective_date,
        targets.tier_unit_id,
        targets.event_type,
        cast(least(
            reached.reached_amount,
            {{ divide_down('reached.through_amount', 'targets.limit_share') }}
            - targets.others_amount + cast(0.01 as decimal(3,2))
        ) - targets.profit_amount as decimal(18,2)) as profit_to_regain_amount
    from targets
    inner join reached
        on reached.effective_date = targets.effective_date
        and reached.tier_unit_id = targets.tier_unit_id
        and reached.event_type = targets.event_type
)

select * from final
