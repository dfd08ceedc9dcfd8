-- Once there are provisional tiers, every external root of today has one, and its accounts repeat it.
-- Red by an account with another provisional tier, or by a root without one, or by a unit that is no root.
with provisional as (select * from {{ ref('provisional_tiers') }}),

accounts as (
    select tier_unit_id, min(provisional_tier) as tier, max(provisional_tier) as other_tier,
        count(*) = count(provisional_tier) as has_all
    from {{ ref('accounts') }}
    where not is_internal and (select count(*) from provisional) > 0
    group by tier_unit_id
)

select provisional.tier_unit_id, accounts.tier_unit_id as root_id
from provisional
full outer join accounts on accounts.tier_unit_id = provisional.tier_unit_id
where (
    provisional.provisional_tier = accounts.tier
    and provisional.provisional_tier = accounts.other_tier
    and accounts.has_all
) is not true
