-- How long the first response to a case and its resolution took, in the month in which they came.
-- What is said to be answered before it was opened took no time.
with cases as (select * from {{ ref('stg_crm__service_cases') }}),

final as (
    {%- for time_kind, done in [('response', 'first_response_at'), ('resolution', 'resolved_at')] %}
    {{ 'union all' if not loop.first }}
    select
        case_id,
        '{{ time_kind }}' as time_kind,
        account_id,
        service_site,
        {{ month_number('greatest(' ~ business_date(done) ~ ', opened_on)') }} as month_number,
        greatest({{ seconds_between('opened_at', done) }}, 0) as elapsed_seconds
    from cases
    where {{ done }} is not null
    {%- endfor %}
)

select * from final
