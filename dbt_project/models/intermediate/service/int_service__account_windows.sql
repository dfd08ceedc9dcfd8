{%- set delivery = ['lines_due_count', 'lines_otif_count', 'lines_without_promise_count',
    'delivered_amount', 'returned_amount'] -%}
{%- set cases = ['cases_count', 'complaints_count', 'disputes_count', 'response_due_count',
    'response_met_count', 'resolution_due_count', 'resolution_met_count'] -%}
{%- set contacts = ['contacts_count', 'proactive_count'] -%}
{%- set stocks = ['open_cases_count', 'open_severe_cases_count'] -%}
{%- set flows = delivery + cases + contacts + ['orders_count'] -%}
-- The twelve months to a month-end by account, and the cases that are open then. A row of nothing
-- stands for each month-end, and the window looks back from it.
with accounts as (select * from {{ ref('int_service__accounts') }}),

cases as (select * from {{ ref('stg_crm__service_cases') }}),

open_cases as (
    select
        account_id,
        {{ month_number('opened_on') }} as month_number,
        1 as open_cases_count,
        case when case_type in ('complaint', 'dispute') and severity = 1 then 1 else 0 end
            as open_severe_cases_count
    from cases
    union all
    select
        account_id,
        {{ month_number('greatest(resolved_on, opened_on)') }} as month_number,
        -1 as open_cases_count,
        case when case_type in ('complaint', 'dispute') and severity = 1 then -1 else 0 end
            as open_severe_cases_count
    from cases
    where resolved_at is not null
),

efforts as (
    select
        account_id,
        {{ month_number('month_start') }} as month_number,
        orders_count
    from {{ ref('int_costs__efforts') }}
),

{%- set parts = [
    (ref('int_service__delivery_months'), delivery),
    (ref('int_service__case_months'), cases),
    (ref('int_service__contacts'), contacts),
    ('efforts', ['orders_count']),
    ('open_cases', stocks),
    ('accounts', []),
] %}

moved as (
    {%- for relation, measures in parts %}
    {{ 'union all' if not loop.first }}
    select
        account_id,
        month_number,
        {%- for measure in flows + stocks %}
        {{ measure if measure in measures else '0' }} as {{ measure }},
        {%- endfor %}
        {{ 'month_end' if not measures else 'cast(null as date)' }} as month_end
    from {{ relation }}
    {%- endfor %}
),

windowed as (
    select
        account_id,
        month_end,
        {%- for measure in flows %}
        sum({{ measure }}) over last_year as {{ measure }},
        {%- endfor %}
        {%- for measure in stocks %}
        sum({{ measure }}) over so_far as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from moved
    window
        last_year as (
            partition by account_id order by month_number
            range between 11 preceding and current row
        ),
        so_far as (
            partition by account_id order by month_number
            range between unbounded preceding and current row
        )
),

final as (
    select
        month_end,
        account_id,
        {%- for measure in flows + stocks %}
        cast({{ measure }} as {{ 'decimal(18,2)' if measure.endswith('amount') else 'bigint' }})
            as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from windowed
    where month_end is not null
)

select * from final
