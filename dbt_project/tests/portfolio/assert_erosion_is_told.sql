-- T14: a base that erodes is told of at the first month-end of each run, and at no other.
-- Red by erosion that nobody heard of, or by an alert of a base that does not erode.
with compared as (
    select
        month_end,
        is_base_eroding,
        lag(is_base_eroding) over (order by month_end) as was_eroding
    from {{ ref('portfolio_summary') }}
),

entered as (select * from compared where is_base_eroding and was_eroding is not true),

told as (
    select effective_date from {{ ref('alert_events') }} where alert_type = 'base_eroding'
)

select coalesce(entered.month_end, told.effective_date) as month_end
from entered
full join told on told.effective_date = entered.month_end
where entered.month_end is null or told.effective_date is null
