-- What was to be answered and solved in the twelve months to the last month-end, what was complained
-- of, and what is open then, by the cases themselves.
-- Red by a deadline that is left out, or by a complaint too many, or by an open case that is forgotten.
with last_month as (
    select max(month_end) as month_end from {{ ref('service_levels') }}
),

cases as (
    select
        cases.*,
        last_month.month_end,
        {{ year_before('last_month.month_end') }} as year_before,
        greatest({{ business_date('cases.response_due_at') }}, cases.opened_on) as response_due_on,
        greatest({{ business_date('cases.resolution_due_at') }}, cases.opened_on)
            as resolution_due_on
    from {{ ref('stg_crm__service_cases') }} as cases
    cross join last_month
    where cases.opened_on <= last_month.month_end
),

counted as (
    select
        account_id,
        sum(case when response_due_at is not null and response_due_on > year_before
            and response_due_on <= month_end then 1 else 0 end) as response_due_count,
        sum(case when resolution_due_at is not null and resolution_due_on > year_before
            and resolution_due_on <= month_end then 1 else 0 end) as resolution_due_count,
        sum(case when case_type = 'complaint' and opened_on > year_before then 1 else 0 end)
            as complaints_count,
        sum(case when resolved_on <= month_end then 0 else 1 end) as open_cases_count
    from cases
    group by account_id
)

select levels.account_id
from {{ ref('service_levels') }} as levels
inner join last_month on last_month.month_end = levels.month_end
left join counted on counted.account_id = levels.account_id
where levels.open_cases_count is not null
    and (
        levels.response_due_count = coalesce(counted.response_due_count, 0)
        and levels.resolution_due_count = coalesce(counted.resolution_due_count, 0)
        and levels.complaints_count = coalesce(counted.complaints_count, 0)
        and levels.open_cases_count = coalesce(counted.open_cases_count, 0)
    ) is not true
