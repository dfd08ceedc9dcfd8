-- Median seconds to the first response and to the resolution, of what a site answered and solved in
-- the twelve months to a month-end for accounts that are external then.
with accounts as (select * from {{ ref('int_service__accounts') }}),

times as (select * from {{ ref('int_service__case_times') }}),

final as (
    select
        accounts.month_end,
        times.service_site,
        {{ median_of("case when times.time_kind = 'response' then times.elapsed_seconds end") }}
            as response_seconds,
        {{ median_of("case when times.time_kind = 'resolution' then times.elapsed_seconds end") }}
            as resolution_seconds
    from times
    inner join accounts
        on accounts.account_id = times.account_id
        and accounts.month_number >= times.month_number
        and accounts.month_number < times.month_number + 12
    group by accounts.month_end, times.service_site
)

select * from final
