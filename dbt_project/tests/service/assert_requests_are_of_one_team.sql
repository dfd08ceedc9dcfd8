-- Every request of the twelve months to the last month-end is of one team.
-- Red by a team that is left out, or by a request too many.
with last_month as (
    select max(month_end) as month_end from {{ ref('int_calendar__month_ends') }}
    where is_tier_month
),

asked as (
    select
        requests.team,
        count(*) as requests_count
    from {{ ref('stg_crm__internal_requests') }} as requests
    cross join last_month
    where requests.requested_on <= last_month.month_end
        and requests.requested_on > {{ year_before('last_month.month_end') }}
    group by requests.team
),

teams as (
    select
        responses.team,
        responses.requests_count
    from {{ ref('internal_response') }} as responses
    inner join last_month on last_month.month_end = responses.month_end
)

select asked.team, teams.team as found_team
from asked
full outer join teams on teams.team = asked.team
where (coalesce(asked.requests_count, 0) = coalesce(teams.requests_count, 0)) is not true
