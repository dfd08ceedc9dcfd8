-- Influence and prospects describe the units of the tiers, each at each month-end, and no others.
-- Red by a unit without influence, or by a unit without prospects, or by influence of a unit that is not tiered, or by prospects of a unit that is not tiered.
with tiers as (select * from {{ ref('account_tiers') }}),

influence as (select * from {{ ref('int_candidates__influence') }}),

prospects as (select * from {{ ref('int_candidates__prospects') }})

select
    tiers.tier_unit_id,
    influence.tier_unit_id as influence_unit_id,
    prospects.tier_unit_id as prospects_unit_id
from tiers
full outer join influence
    on influence.month_end = tiers.month_end and influence.tier_unit_id = tiers.tier_unit_id
full outer join prospects
    on prospects.month_end = tiers.month_end and prospects.tier_unit_id = tiers.tier_unit_id
where tiers.tier_unit_id is null
    or influence.tier_unit_id is null
    or prospects.tier_unit_id is null
