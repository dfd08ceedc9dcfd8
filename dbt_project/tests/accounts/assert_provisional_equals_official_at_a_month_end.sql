-- When D is a month-end, the evaluation of D is that of the month-end.
-- Red by a provisional tier with memory, or by a profit of another window, or by a share of another total, or by a unit that one of the two lacks.
with bounds as (select * from {{ ref('int_calendar__bounds') }} where as_of_date = last_month_end),

tiers as (
    select account_tiers.* from {{ ref('account_tiers') }} as account_tiers
    inner join bounds on bounds.last_month_end = account_tiers.month_end
),

-- A unit that the CRM knows from a later day on has no official row yet.
unborn as (
    select starts.tier_unit_id from {{ ref('int_identity__unit_starts') }} as starts
    inner join bounds on bounds.last_month_end < starts.exists_from
    where starts.epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

provisional as (
    select provisional_tiers.* from {{ ref('provisional_tiers') }} as provisional_tiers
    inner join bounds on bounds.last_month_end <= provisional_tiers.as_of_date
    left join unborn on unborn.tier_unit_id = provisional_tiers.tier_unit_id
    where unborn.tier_unit_id is null
)

select tiers.tier_unit_id, provisional.tier_unit_id as provisional_unit_id
from tiers
full outer join provisional on provisional.tier_unit_id = tiers.tier_unit_id
where (
    provisional.provisional_tier = tiers.evaluated_tier
    and provisional.official_tier = tiers.tier
    and provisional.ttm_profit_amount = tiers.ttm_profit_amount
    and provisional.cum_share_before_ratio is not distinct from tiers.cum_share_before_ratio
    and provisional.down_streak_count = tiers.down_streak_count
) is not true
