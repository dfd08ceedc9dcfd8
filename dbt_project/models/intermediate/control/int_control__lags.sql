-- The median of days from receipt to application in the twelve months to each day described, by the
-- account of the receipt. What is applied of a receipt on a day counts once, in however many parts.
-- It is counted by account, month and lag first: windows of months never meet single applications.
with days as (select * from {{ ref('int_calendar__days') }}),

settlements as (
    select
        source_id,
        effective_date
    from {{ ref('int_receivables__settlements') }}
    where application_type = 'payment' and amount > 0 and source_id is not null
    group by source_id, effective_date
),

payments as (select * from {{ ref('stg_erp__payments') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

counted as (
    select
        payments.account_id,
        {{ month_number('settlements.effective_date') }} as month_number,
        settlements.effective_date > bounds.year_start as is_in_year_to_d,
        {{ days_between('payments.received_date', 'settlements.effective_date') }} as lag_days,
        count(*) as applications_count
    from settlements
    inner join payments on payments.payment_id = settlements.source_id
    cross join bounds
    group by
        payments.account_id, {{ month_number('settlements.effective_date') }},
        settlements.effective_date > bounds.year_start,
        {{ days_between('payments.received_date', 'settlements.effective_date') }}
),

month_ends as (
    select
        as_of_date,
        {{ month_number('as_of_date') }} as month_number
    from days
    where is_month_end
),

windows as (
    select
        month_ends.as_of_date,
        counted.account_id,
        counted.lag_days,
        counted.applications_count
    from counted
    inner join month_ends
        on month_ends.month_number >= counted.month_number
        and month_ends.month_number < counted.month_number + 12
    union all
    select
        days.as_of_date,
        counted.account_id,
        counted.lag_days,
        counted.applications_count
    from counted
    inner join days on days.is_latest and not days.is_month_end
    where counted.is_in_year_to_d
),

lags as (
    select
        as_of_date,
        account_id,
        lag_days,
        sum(applications_count) as applications_count
    from windows
    group by as_of_date, account_id, lag_days
),

placed as (
    select
        as_of_date,
        account_id,
        lag_days,
        sum(applications_count) over (
            partition by as_of_date, account_id order by lag_days
            rows between unbounded preceding and current row
        ) as up_to_count,
        sum(applications_count) over (partition by as_of_date, account_id) as all_count
    from lags
),

-- The middle one, or the mean of the two in the middle.
final as (
    select
        as_of_date,
        account_id,
        cast(max(all_count) as bigint) as applications_count,
        {{ multiply_divide(
            'min(case when up_to_count * 2 >= all_count then lag_days end)
            + min(case when up_to_count * 2 > all_count then lag_days end)', '1', '2'
        ) }} as application_lag_days
    from placed
    group by as_of_date, account_id
)

select * from final
