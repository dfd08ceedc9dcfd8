-- I20: half-open periods follow each other, the last one is the tier of the last month-end.
-- Red by a period that ends a month early, or by two current periods.
with history as (select * from {{ ref('account_tier_history') }}),

ordered as (
    select
        history.*,
        lead(valid_from) over (partition by tier_unit_id order by valid_from) as next_from,
        row_number() over (partition by tier_unit_id order by valid_from desc) as rank_from_end
    from history
),

last_tiers as (
    select tiers.tier_unit_id, tiers.tier
    from {{ ref('account_tiers') }} as tiers
    inner join {{ ref('int_calendar__bounds') }} as bounds
        on bounds.last_month_end = tiers.month_end
)

select ordered.tier_unit_id, ordered.valid_from
from ordered
left join last_tiers on last_tiers.tier_unit_id = ordered.tier_unit_id
where (
    (ordered.next_from is null or ordered.valid_to <= ordered.next_from)
    and (ordered.valid_to is null or ordered.valid_to > ordered.valid_from)
    and ordered.is_current = (ordered.valid_to is null)
    and (not ordered.is_current or ordered.rank_from_end = 1)
    and (not ordered.is_current or ordered.tier = last_tiers.tier)
) is not true
