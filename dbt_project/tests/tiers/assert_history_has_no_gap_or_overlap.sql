-- I20: half-open periods follow each other, the last one is the tier of the last month-end.
-- Red by a period that ends a month early, or by two current periods, or by a last period that has ended.
with history as (select * from {{ ref('account_tier_history') }}),

ordered as (
    select
        history.*,
        lead(valid_from) over (partition by tier_unit_id order by valid_from) as next_from,
        row_number() over (partition by tier_unit_id order by valid_from desc) as rank_from_end
    from history
),

tiers as (select tier_unit_id, month_end, tier from {{ ref('account_tiers') }}),

last_tiers as (
    select tiers.tier_unit_id, tiers.tier
    from tiers
    inner join {{ ref('int_calendar__bounds') }} as bounds
        on bounds.last_month_end = tiers.month_end
),

-- Between two periods of a unit that was merged away for a time it has no month-end.
gaps as (
    select ordered.tier_unit_id, ordered.valid_from, count(*) as months_count
    from ordered
    inner join tiers
        on tiers.tier_unit_id = ordered.tier_unit_id
        and tiers.month_end >= ordered.valid_to
        and (tiers.month_end < ordered.next_from or ordered.next_from is null)
    group by ordered.tier_unit_id, ordered.valid_from
)

select ordered.tier_unit_id, ordered.valid_from
from ordered
left join last_tiers on last_tiers.tier_unit_id = ordered.tier_unit_id
left join gaps
    on gaps.tier_unit_id = ordered.tier_unit_id and gaps.valid_from = ordered.valid_from
where (
    gaps.months_count is null
    and (ordered.next_from is null or ordered.valid_to <= ordered.next_from)
    and (ordered.valid_to is null or ordered.valid_to > ordered.valid_from)
    and ordered.is_current = (ordered.valid_to is null)
    and ordered.is_current = (
        ordered.rank_from_end = 1 and last_tiers.tier_unit_id is not null
    )
    and (not ordered.is_current or ordered.tier = last_tiers.tier)
) is not true
