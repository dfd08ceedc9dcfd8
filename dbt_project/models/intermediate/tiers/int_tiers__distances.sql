-- How far each unit stands from the next tier today: the profit it may lose before its raw tier
-- falls, and what it needs to reach the next better one, others unchanged.
--
-- With profit q and others as they are, a unit lies within a limit when
--     (profits above q) - limit x q  <  limit x (total without the unit), plus its own profit when
-- that is among those above q. The left side grows as q falls, so the units in order of their
-- profits are marks, and the smallest profit that does lies at the last mark below the right side,
-- or just below it.
with evaluations as (
    select * from {{ ref('int_tiers__ahead') }}
    where evaluation = 'today' and rating_status <> 'INACTIVE'
),

limits as (
    {%- for tier in ['A', 'B'] %}
    select
        evaluations.*,
        '{{ tier }}' as limit_tier,
        evaluations.threshold_{{ tier | lower }} as limit_share
    from evaluations
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

marks as (
    select
        limit_tier,
        before_amount - limit_share * profit_amount as bound_amount,
        profit_amount,
        through_amount
    from limits
    where profit_amount > 0
    group by limit_tier, limit_share, before_amount, profit_amount, through_amount
),

asked as (
    select
        limits.*,
        raw_tier = limit_tier as is_to_keep,
        case
            when raw_tier = limit_tier
                then limit_share * positive_total_amount + (1 - limit_share) * profit_amount
            else limit_share * (positive_total_amount - greatest(profit_amount, 0))
        end as bound_amount
    from limits
    where raw_tier = limit_tier
        or (raw_tier = 'B' and limit_tier = 'A')
        or (raw_tier = 'C' and limit_tier = 'B')
),

-- A mark on the bound itself is not below it: it comes after.
lined_up as (
    select
        limit_tier,
        bound_amount,
        2 as place,
        cast(null as {{ text_type() }}) as tier_unit_id,
        profit_amount as mark_amount,
        through_amount as mark_through_amount
    from marks
    union all
    select
        limit_tier,
        bound_amount,
        1 as place,
        tier_unit_id,
        cast(null as decimal(18,2)) as mark_amount,
        cast(null as decimal(24,2)) as mark_through_amount
    from asked
),

last_marks as (
    select
        limit_tier,
        tier_unit_id,
        min(mark_amount) over below as mark_amount,
        coalesce(max(mark_through_amount) over below, 0) as mark_through_amount
    from lined_up
    window below as (
        partition by limit_tier order by bound_amount, place
        rows between unbounded preceding and current row
    )
),

-- The smallest profit that lies within the limit.
needed as (
    select
        asked.tier_unit_id,
        asked.profit_amount,
        asked.is_to_keep,
        least(
            last_marks.mark_amount,
            case
                when asked.is_to_keep then
                    {{ divide_down('last_marks.mark_through_amount - asked.profit_amount',
                        'asked.limit_share') }} + asked.profit_amount
                else {{ divide_down('last_marks.mark_through_amount', 'asked.limit_share') }}
                    + greatest(asked.profit_amount, 0)
            end - asked.positive_total_amount + cast(0.01 as decimal(3,2))
        ) as needed_amount
    from asked
    inner join last_marks
        on last_marks.limit_tier = asked.limit_tier
        and last_marks.tier_unit_id = asked.tier_unit_id
),

final as (
    select
        tier_unit_id,
        cast(max(case when is_to_keep then profit_amount - needed_amount end) as decimal(18,2))
            as profit_to_keep_amount,
        cast(max(case when not is_to_keep then needed_amount - profit_amount end) as decimal(18,2))
            as profit_to_rise_amount
    from needed
    group by tier_unit_id
)

select * from final
