-- How much more profit a unit would have needed at the month-end of a negative event to hold its
-- tier again: the smallest profit p with (positive profits above p) < limit x (total with p).
with changes as (
    select * from {{ ref('int_tiers__changes') }} where is_negative and from_tier in ('A', 'B')
),

shares as (select * from {{ ref('int_tiers__shares') }}),

config as (select * from {{ ref('tier_config') }}),

-- Back up takes the threshold less the band; a unit still holding its tier, or one that comes back
-- from inactive, needs the plain threshold.
targets as (
    select
        changes.effective_date,
        changes.tier_unit_id,
        changes.event_type,
        changes.profit_amount,
        changes.positive_total_amount - greatest(changes.profit_amount, 0) as others_amount,
        case changes.from_tier when 'A' then config.threshold_a when 'B' then config.threshold_b end
            - case when changes.event_type = 'drop' then config.band else 0 end as limit_share
    from changes
    inner join shares
        on shares.month_end = changes.effective_date
        and shares.tier_unit_id = changes.tier_unit_id
    inner join config on config.valid_from = shares.tier_config_valid_from
),

-- The smallest unit above whose profit would do; the answer lies at or just below it.
reached as (
    select
        targets.effective_date,
        targets.tier_unit_id,
        targets.event_type,
        min(above.profit_amount) as reached_amount
    from targets
    inner join shares as above
        on above.month_end = targets.effective_date
        and above.tier_unit_id <> targets.tier_unit_id
        and above.profit_amount > targets.profit_amount
        and above.profit_amount > 0
    where {{ is_below('above.before_amount', 'targets.others_amount + above.profit_amount',
        'targets.limit_share') }}
    group by targets.effective_date, targets.tier_unit_id, targets.event_type
),

not_below as (
    select
        reached.effective_date,
        reached.tier_unit_id,
        reached.event_type,
        reached.reached_amount,
        sum(above.profit_amount) as above_amount
    from reached
    inner join shares as above
        on above.month_end = reached.effective_date
        and above.profit_amount >= reached.reached_amount
    group by
        reached.effective_date, reached.tier_unit_id, reached.event_type, reached.reached_amount
),

final as (
    select
        targets.effective_date,
        targets.tier_unit_id,
        targets.event_type,
        cast(least(
            not_below.reached_amount,
            {{ multiply_divide('not_below.above_amount', '1', 'targets.limit_share') }}
            - targets.others_amount + cast(0.01 as decimal(3,2))
        ) - targets.profit_amount as decimal(18,2)) as profit_to_regain_amount
    from targets
    inner join not_below
        on not_below.effective_date = targets.effective_date
        and not_below.tier_unit_id = targets.tier_unit_id
        and not_below.event_type = targets.event_type
)

select * from final
