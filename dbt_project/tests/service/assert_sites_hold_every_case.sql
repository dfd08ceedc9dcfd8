-- Every case that an external account opened in the twelve months to the last month-end is at one
-- site. Red by a site that is left out, or by a case too many.
with last_month as (
    select max(month_end) as month_end from {{ ref('service_levels') }}
),

accounts as (
    select levels.account_id
    from {{ ref('service_levels') }} as levels
    inner join last_month on last_month.month_end = levels.month_end
),

opened as (
    select
        cases.service_site,
        count(*) as cases_count
    from {{ ref('stg_crm__service_cases') }} as cases
    inner join accounts on accounts.account_id = cases.account_id
    cross join last_month
    where cases.opened_on <= last_month.month_end
        and cases.opened_on > {{ year_before('last_month.month_end') }}
    group by cases.service_site
),

sites as (
    select
        sites.service_site,
        sites.cases_count
    from {{ ref('service_site_levels') }} as sites
    inner join last_month on last_month.month_end = sites.month_end
)

select opened.service_site, sites.service_site as found_site
from opened
full outer join sites on sites.service_site = opened.service_site
where (coalesce(opened.cases_count, 0) = coalesce(sites.cases_count, 0)) is not true
