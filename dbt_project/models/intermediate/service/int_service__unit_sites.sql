{%- set counts = ['cases_count', 'response_due_count', 'response_met_count',
    'resolution_due_count', 'resolution_met_count'] -%}
-- What each service site did for a tier unit in the twelve months to a month-end.
with accounts as (select * from {{ ref('int_service__accounts') }}),

cases as (select * from {{ ref('int_service__case_months') }}),

final as (
    select
        accounts.month_end,
        accounts.tier_unit_id,
        cases.service_site,
        accounts.tier,
        {%- for count in counts %}
        cast(sum(cases.{{ count }}) as bigint) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cases
    inner join accounts
        on accounts.account_id = cases.account_id
        and accounts.month_number >= cases.month_number
        and accounts.month_number < cases.month_number + 12
    group by accounts.month_end, accounts.tier_unit_id, cases.service_site, accounts.tier
)

select * from final
