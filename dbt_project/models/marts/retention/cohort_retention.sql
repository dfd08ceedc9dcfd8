with bounds as (select * from {{ ref('int_calendar__bounds') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

customers as (
    select * from {{ ref('int_retention__customers') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and first_purchase_date is not null
),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

purchase_days as (select * from {{ ref('int_retention__purchase_days') }}),

current_periods as (
    select
        customer_key,
        members_from
    from {{ ref('int_identity__customer_members') }}
    where members_until = {{ end_of_time() }}
    group by customer_key, members_from
),

members as (
    select
        customer_key,
        {{ month_start('first_purchase_date') }} as cohort_month,
        {{ month_number('first_purchase_date') }} as cohort_number,
        is_legacy as is_legacy_cohort
    from customers
),

-- Credits dated before the first purchase belong to the first cell, so that revenue adds up.
customer_months as (
    select
        members.customer_key,
        members.cohort_month,
        members.is_legacy_cohort,
        greatest(account_months.month_number - members.cohort_number, 0) as month_index,
        sum(account_months.net_amount) as revenue_amount,
        sum(account_months.purchase_days_count) as purchase_days_count
    from members
    inner join units on units.customer_key = members.customer_key
    inner join account_months on account_months.account_id = units.account_id
    group by
        members.customer_key,
        members.cohort_month,
        members.is_legacy_cohort,
        greatest(account_months.month_number - members.cohort_number, 0)
),

cells as (
    select
        cohort_month,
        is_legacy_cohort,
        month_index,
        sum(revenue_amount) as revenue_amount,
        sum(case when purchase_days_count > 0 then 1 else 0 end) as active_customers_count
    from customer_months
    group by cohort_month, is_legacy_cohort, month_index
),

-- Settled after two years: four purchase days, and one in the second year.
settling as (
    select
        members.customer_key,
        count(*) >= 4
            and sum(case
                when {{ month_number('purchase_days.purchase_date') }} - members.cohort_number >= 13
                    then 1
                else 0
            end) > 0 as is_settled
    from members
    inner join current_periods on current_periods.customer_key = members.customer_key
    inner join purchase_days
        on purchase_days.customer_key = members.customer_key
        and purchase_days.members_from = current_periods.members_from
    where {{ month_number('purchase_days.purchase_date') }} - members.cohort_number <= 24
    group by members.customer_key
),

cohorts as (
    select
        members.cohort_month,
        members.is_legacy_cohort,
        count(*) as cohort_size_count,
        sum(case when settling.is_settled then 1 else 0 end) as settled_customers_count
    from members
    left join settling on settling.customer_key = members.customer_key
    group by members.cohort_month, members.is_legacy_cohort
),

spine as (
    select all_months.month_start from bounds,
        lateral {{ months_between('bounds.first_document_date', 'bounds.as_of_date') }} as all_months
    where bounds.first_document_date is not null
),

grid as (
    select
        cohorts.*,
        spine.month_start,
        {{ month_number('spine.month_start') }} - {{ month_number('cohorts.cohort_month') }}
            as month_index
    from cohorts
    inner join spine on spine.month_start >= cohorts.cohort_month
),

final as (
    select
        bounds.as_of_date,
        grid.cohort_month,
        grid.month_index,
        grid.cohort_size_count,
        cast(coalesce(cells.active_customers_count, 0) as bigint) as active_customers_count,
        {{ ratio('coalesce(cells.active_customers_count, 0)', 'grid.cohort_size_count') }}
            as retention_ratio,
        cast(coalesce(cells.revenue_amount, 0) as decimal(18,2)) as revenue_amount,
        cast(sum(coalesce(cells.revenue_amount, 0)) over (
            partition by grid.cohort_month, grid.is_legacy_cohort order by grid.month_index
        ) as decimal(18,2)) as cumulative_revenue_amount,
        cast(case when grid.month_index = 24 then grid.settled_customers_count end as bigint)
            as settled_customers_count,
        case when grid.month_index = 24 then
            {{ ratio('grid.settled_customers_count', 'grid.cohort_size_count') }}
        end as settle_ratio,
        grid.is_legacy_cohort,
        last_day(grid.month_start) <= bounds.last_month_end as is_complete
    from grid
    left join cells
        on cells.cohort_month = grid.cohort_month
        and cells.is_legacy_cohort = grid.is_legacy_cohort
        and cells.month_index = grid.month_index
    cross join bounds
)

select * from final
