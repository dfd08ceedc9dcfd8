-- Each account has the tier of its unit at each month-end, each unit has an account, and what is said
-- of a unit is said alike of all its accounts.
-- Red by an account with another tier, or by a unit without an account, or by a spread of one
-- account alone.
with units as (
    select
        month_end,
        tier_unit_id,
        min(tier) as tier,
        max(tier) as other_tier,
        count(*) = count(tier) as is_told,
        min(sites_count) is not distinct from max(sites_count)
        and min(coalesce(site_sla_spread_ratio, -1)) = max(coalesce(site_sla_spread_ratio, -1))
        and min(coalesce(site_sla_deviation_ratio, -1))
            = max(coalesce(site_sla_deviation_ratio, -1))
        and min(coalesce(peer_order_to_delivery_days, -1))
            = max(coalesce(peer_order_to_delivery_days, -1))
        and min(coalesce(peer_quote_to_order_days, -1))
            = max(coalesce(peer_quote_to_order_days, -1)) as is_alike
    from {{ ref('service_levels') }}
    group by month_end, tier_unit_id
)

select tiers.month_end, tiers.tier_unit_id, units.tier_unit_id as found_id
from {{ ref('int_tiers__states') }} as tiers
full outer join units
    on units.month_end = tiers.month_end and units.tier_unit_id = tiers.tier_unit_id
where (
    units.tier = tiers.tier
    and units.other_tier = tiers.tier
    and units.is_told
    and units.is_alike
) is not true
