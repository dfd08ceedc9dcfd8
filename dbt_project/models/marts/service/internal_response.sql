with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

requests as (select * from {{ ref('int_service__internal_requests') }}),

asked as (
    select
        months.month_end,
        requests.team,
        count(*) as requests_count,
        sum(case when requests.answered_on <= months.month_end then 1 else 0 end)
            as answered_count
    from requests
    inner join months
        on months.month_number >= requests.requested_month_number
        and months.month_number < requests.requested_month_number + 12
    group by months.month_end, requests.team
),

answered as (
    select
        months.month_end,
        requests.team,
        {{ median_of('requests.answer_seconds') }} as answer_seconds
    from requests
    inner join months
        on months.month_number >= requests.answered_month_number
        and months.month_number < requests.answered_month_number + 12
    group by months.month_end, requests.team
),

-- A team may have answered what it was asked before.
final as (
    select
        coalesce(asked.month_end, answered.month_end) as month_end,
        coalesce(asked.team, answered.team) as team,
        coalesce(asked.requests_count, 0) as requests_count,
        cast(coalesce(asked.answered_count, 0) as bigint) as answered_count,
        {{ ratio('asked.answered_count', 'asked.requests_count') }} as answered_ratio,
        {{ multiply_divide('answered.answer_seconds', '1', '3600') }} as first_response_hours
    from asked
    full outer join answered
        on answered.month_end = asked.month_end and answered.team = asked.team
)

select * from final
