with bounds as (select * from {{ ref('int_calendar__bounds') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

plans as (select * from {{ ref('stg_crm__account_plans') }}),

plan_months as (select * from {{ ref('int_forecasts__plan_months') }}),

expected as (select * from {{ ref('int_forecasts__account_months') }}),

first_months as (
    select
        account_id,
        min(month_start) as first_month
    from account_months
    group by account_id
),

-- Twelve complete months, the running one and three more; none before the first document.
spine as (
    select
        months.month_start,
        months.month_start <= bounds.last_month_end as is_complete,
        least({{ add_days('months.month_start', -1) }}, bounds.last_month_end) as forecast_made_on
    from bounds,
        lateral {{ months_between(
            add_months('bounds.last_month_end', -11), add_months('bounds.last_month_end', 4)
        ) }} as months
    where months.month_start >= {{ month_start('bounds.first_document_date') }}
),

-- An account has a month from its first line on, and where it has a plan.
grid as (
    select
        units.account_id,
        spine.month_start,
        spine.is_complete,
        spine.forecast_made_on,
        plans.plan_amount,
        account_months.net_amount
    from units
    cross join spine
    left join first_months on first_months.account_id = units.account_id
    left join plans
        on plans.account_id = units.account_id and plans.month_start = spine.month_start
    left join account_months
        on account_months.account_id = units.account_id
        and account_months.month_start = spine.month_start
    where first_months.first_month <= spine.month_start or plans.account_id is not null
),

-- Months without a plan count on neither side.
so_far as (
    select
        plan_months.account_id,
        spine.month_start,
        sum(plan_months.plan_amount) as plan_amount,
        sum(plan_months.net_amount) as net_amount
    from spine
    inner join plan_months
        on year(plan_months.month_start) = year(spine.month_start)
        and plan_months.month_start <= spine.month_start
    where spine.is_complete
    group by plan_months.account_id, spine.month_start
),

final as (
    select
        bounds.as_of_date,
        grid.account_id,
        grid.month_start as forecast_month,
        grid.forecast_made_on,
        case
            when expected.is_intermittent then 'quarterly_naive'
            when expected.is_intermittent is not true then 'seasonal_naive'
        end as forecast_model,
        coalesce(expected.is_intermittent, false) as is_intermittent,
        expected.forecast_amount,
        grid.plan_amount,
        cast(case when grid.is_complete then coalesce(grid.net_amount, 0) end as decimal(18,2))
            as actual_amount,
        case when grid.is_complete and grid.plan_amount > 0
            then {{ ratio('coalesce(grid.net_amount, 0)', 'grid.plan_amount') }}
        end as plan_attainment_ratio,
        case when so_far.plan_amount > 0
            then {{ ratio('so_far.net_amount', 'so_far.plan_amount') }}
        end as cumulative_attainment_ratio,
        expected.trailing_growth_ratio
    from grid
    cross join bounds
    left join expected
        on expected.account_id = grid.account_id and expected.forecast_month = grid.month_start
    left join so_far
        on so_far.account_id = grid.account_id and so_far.month_start = grid.month_start
)

select * from final
