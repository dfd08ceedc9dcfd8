with sites as (select * from {{ ref('int_service__unit_sites') }}),

times as (select * from {{ ref('int_service__site_times') }}),

sums as (
    select
        month_end,
        service_site,
        sum(cases_count) as cases_count,
        sum(response_due_count) as response_due_count,
        sum(response_met_count) as response_met_count,
        sum(resolution_due_count) as resolution_due_count,
        sum(resolution_met_count) as resolution_met_count,
        sum(case when tier = 'A' then response_due_count else 0 end) as a_response_due_count,
        sum(case when tier = 'A' then response_met_count else 0 end) as a_response_met_count
    from sites
    group by month_end, service_site
),

final as (
    select
        sums.month_end,
        sums.service_site,
        cast(sums.cases_count as bigint) as cases_count,
        {{ ratio('sums.response_met_count', 'sums.response_due_count') }} as response_sla_ratio,
        {{ ratio('sums.resolution_met_count', 'sums.resolution_due_count') }}
            as resolution_sla_ratio,
        {{ multiply_divide('times.response_seconds', '1', '3600') }} as first_response_hours,
        {{ multiply_divide('times.resolution_seconds', '1', '3600') }} as resolution_hours,
        {{ ratio('sums.a_response_met_count', 'sums.a_response_due_count') }}
            as a_accounts_response_sla_ratio
    from sums
    left join times
        on times.month_end = sums.month_end and times.service_site = sums.service_site
)

select * from final
