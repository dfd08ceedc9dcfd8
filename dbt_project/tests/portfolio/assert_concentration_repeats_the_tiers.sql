-- The company as its tiers and its receivables tell it.
-- Red by a unit that is not counted, or by a loss that counts as nothing, or by a month-end that is missing, or by a debt that is left out.
with told as (
    select
        month_end,
        measure,
        accounts_count,
        non_positive_count,
        total_positive_amount,
        without_top1_amount
    from {{ ref('concentration') }}
    where scope_type = 'company'
),

of_units as (
    select
        month_end,
        'revenue' as measure,
        ttm_net_revenue_amount as amount
    from {{ ref('account_tiers') }}
    where evaluated_tier <> 'INACTIVE'
    union all
    select
        month_end,
        'profit' as measure,
        ttm_profit_amount as amount
    from {{ ref('account_tiers') }}
    where evaluated_tier <> 'INACTIVE'
    union all
    select
        aging.as_of_date as month_end,
        'receivables' as measure,
        sum(aging.gross_open_amount) as amount
    from {{ ref('receivables_aging') }} as aging
    inner join {{ ref('int_calendar__month_ends') }} as months
        on months.month_end = aging.as_of_date and months.is_tier_month
    inner join {{ ref('int_identity__account_units') }} as units
        on units.epoch_date = months.epoch_date and units.account_id = aging.account_id
    where not units.is_internal
    group by aging.as_of_date, units.tier_unit_id
),

expected as (
    select
        month_end,
        measure,
        sum(case when amount > 0 then 1 else 0 end) as accounts_count,
        sum(case when amount <= 0 then 1 else 0 end) as non_positive_count,
        sum(greatest(amount, 0)) as total_positive_amount,
        sum(amount) - greatest(max(amount), 0) as without_top1_amount
    from of_units
    group by month_end, measure
)

select
    coalesce(told.month_end, expected.month_end) as month_end,
    coalesce(told.measure, expected.measure) as measure
from told
full join expected
    on expected.month_end = told.month_end and expected.measure = told.measure
where told.accounts_count is distinct from expected.accounts_count
    or told.non_positive_count is distinct from expected.non_positive_count
    or told.total_positive_amount is distinct from expected.total_positive_amount
    or told.without_top1_amount is distinct from expected.without_top1_amount
