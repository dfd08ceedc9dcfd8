-- D8: every tiered unit has one row with its tier, and a tier has one ratio. Red by a unit that is
-- left out, or by a tier of another month, or by two ratios of one tier.
with compared as (
    select
        tiers.tier_unit_id,
        efforts.tier_unit_id as found_unit_id
    from {{ ref('account_tiers') }} as tiers
    full outer join {{ ref('effort_mismatch') }} as efforts
        on efforts.month_end = tiers.month_end and efforts.tier_unit_id = tiers.tier_unit_id
    where (efforts.tier = tiers.tier) is not true
),

divided as (
    select
        max(tier_unit_id) as tier_unit_id,
        min(tier_unit_id) as found_unit_id
    from {{ ref('effort_mismatch') }}
    group by month_end, tier
    having min(coalesce(tier_effort_to_profit_ratio, -1))
        <> max(coalesce(tier_effort_to_profit_ratio, -1))
)

select * from compared
union all
select * from divided
