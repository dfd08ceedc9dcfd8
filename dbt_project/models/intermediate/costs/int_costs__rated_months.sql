-- From when on cost to serve can be told: activities, cases and orders are delivered (order lines
-- too where a return has a rate), and every kind that has a rate has one.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

kinds as (
    select
        kind,
        min(valid_from) as rated_from
    from {{ ref('cost_to_serve_rates') }}
    group by kind
),

rates as (
    select
        max(rated_from) as rated_from,
        max(case when kind = 'return' then 1 else 0 end) as returns_flag
    from kinds
),

final as (
    select
        months.month_end,
        {%- set is_told = is_present('crm_activities') and is_present('crm_service_cases')
            and is_present('erp_orders') %}
        {%- for first_day, name in [('month_start', 'month'), ('window_from', 'window')] %}
        {%- if is_told %}
        coalesce(rates.rated_from <= months.{{ first_day }}
            {%- if not is_present('erp_order_lines') %} and rates.returns_flag = 0{% endif %}, false)
            as is_{{ name }}_rated
        {%- else %}
        false as is_{{ name }}_rated
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from months
    left join rates on true
)

select * from final
