{%- set counts = ['cases_count', 'complaints_count', 'disputes_count', 'response_due_count',
    'response_met_count', 'resolution_due_count', 'resolution_met_count', 'answers_count'] -%}
-- Service cases of an account at a site, in the month in which they were opened, in which their
-- deadlines lie (not before they were opened), and in which they were answered or solved.
with cases as (select * from {{ ref('stg_crm__service_cases') }}),

deadlines as (
    {%- for standard, done in [('response', 'first_response_at'), ('resolution', 'resolved_at')] %}
    {{ 'union all' if not loop.first }}
    select
        account_id,
        service_site,
        {{ month_number('greatest(' ~ business_date(standard ~ '_due_at') ~ ', opened_on)') }}
            as month_number,
        '{{ standard }}' as standard,
        coalesce({{ done }} <= {{ standard }}_due_at, false) as is_met
    from cases
    where {{ standard }}_due_at is not null
    {%- endfor %}
),

events as (
    select
        account_id,
        service_site,
        {{ month_number('opened_on') }} as month_number,
        1 as cases_count,
        case when case_type = 'complaint' then 1 else 0 end as complaints_count,
        case when case_type = 'dispute' then 1 else 0 end as disputes_count,
        0 as response_due_count,
        0 as response_met_count,
        0 as resolution_due_count,
        0 as resolution_met_count,
        0 as answers_count
    from cases
    union all
    select
        account_id,
        service_site,
        month_number,
        0 as cases_count,
        0 as complaints_count,
        0 as disputes_count,
        case when standard = 'response' then 1 else 0 end as response_due_count,
        case when standard = 'response' and is_met then 1 else 0 end as response_met_count,
        case when standard = 'resolution' then 1 else 0 end as resolution_due_count,
        case when standard = 'resolution' and is_met then 1 else 0 end as resolution_met_count,
        0 as answers_count
    from deadlines
    union all
    select
        account_id,
        service_site,
        month_number,
        {%- for count in counts[:-1] %}
        0 as {{ count }},
        {%- endfor %}
        1 as answers_count
    from {{ ref('int_service__case_times') }}
),

final as (
    select
        account_id,
        service_site,
        month_number,
        {%- for count in counts %}
        cast(sum({{ count }}) as bigint) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from events
    group by account_id, service_site, month_number
)

select * from final
