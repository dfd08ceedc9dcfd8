-- This year's profit and its rank are those of the tiers, for every unit with a line.
-- Red by a profit of another month, or by a rank among all units, or by an active unit without a value, or by a value of a unit that is gone.
with active as (
    select * from {{ ref('account_tiers') }} where tier <> 'INACTIVE'
)

select active.tier_unit_id, value.tier_unit_id as value_unit_id
from active
full outer join {{ ref('account_value') }} as value
    on value.month_end = active.month_end and value.tier_unit_id = active.tier_unit_id
where (
    value.current_year_profit_amount = active.ttm_profit_amount
    and value.current_year_profit_rank = active.profit_rank
) is not true
