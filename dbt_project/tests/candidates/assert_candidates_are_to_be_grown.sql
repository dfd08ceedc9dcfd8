-- Q7, T12: a candidate stands in the tiers with the same tier, which is not A, and a C account is to be
-- grown exactly when it is a candidate.
-- Red by a candidate that no tier knows, or by a C candidate that is only served, or by a C account that is to be grown for no reason.
select
    coalesce(tiers.month_end, candidates.month_end) as month_end,
    coalesce(tiers.tier_unit_id, candidates.tier_unit_id) as tier_unit_id
from (
    select month_end, tier_unit_id, tier, triage from {{ ref('account_tiers') }}
) as tiers
full outer join {{ ref('quasi_key_accounts') }} as candidates
    on candidates.month_end = tiers.month_end
    and candidates.tier_unit_id = tiers.tier_unit_id
where (
    coalesce(tiers.triage = 'grow', false)
        = (tiers.tier = 'C' and candidates.tier_unit_id is not null)
    and (candidates.tier_unit_id is null or (tiers.tier = candidates.tier and tiers.tier <> 'A'))
) is not true
