-- The days that receivables are described for: every month-end from the first document on, and D.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

month_ends as (select * from {{ ref('int_calendar__month_ends') }}),

epochs as (select * from {{ ref('int_identity__epochs') }}),

days as (
    select month_end as as_of_date from month_ends
    union
    select as_of_date from bounds
),

final as (
    select
        days.as_of_date,
        days.as_of_date = last_day(days.as_of_date) as is_month_end,
        days.as_of_date = bounds.as_of_date as is_latest,
        max(epochs.epoch_date) as epoch_date
    from days
    inner join epochs on epochs.epoch_date <= days.as_of_date
    cross join bounds
    group by days.as_of_date, bounds.as_of_date
)

select * from final
