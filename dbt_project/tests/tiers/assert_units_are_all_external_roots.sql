-- I14: at the last month-end the tier units are exactly the non-internal roots that exist.
-- Red by a root without a row, or by a row of an account that is no root.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

tiers as (
    select tier_unit_id from {{ ref('account_tiers') }}
    inner join bounds on bounds.last_month_end = month_end
),

roots as (
    select units.tier_unit_id
    from {{ ref('int_identity__account_units') }} as units
    inner join {{ ref('int_calendar__month_ends') }} as months
        on months.epoch_date = units.epoch_date
    inner join bounds on bounds.last_month_end = months.month_end
    inner join {{ ref('int_identity__unit_starts') }} as starts
        on starts.epoch_date = units.epoch_date and starts.tier_unit_id = units.tier_unit_id
    where not units.is_internal
        and months.is_tier_month
        and starts.exists_from <= months.month_end
    group by units.tier_unit_id
)

select tiers.tier_unit_id, roots.tier_unit_id as root_id
from tiers
full outer join roots on roots.tier_unit_id = tiers.tier_unit_id
where (tiers.tier_unit_id = roots.tier_unit_id) is not true
