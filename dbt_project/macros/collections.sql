{# Months of sales that stand side by side in int_receivables__collection_flows, the newest first:
   no rule may look back on more (include/keyaccounts/warehouse/rules.py). #}
{% macro longest_lookback_months() %}{{ return(12) }}{% endmacro %}

{# Sales of the newest months of a row, `months` of them. #}
{% macro sales_of(months) -%}
    cast(
    {%- for step in range(longest_lookback_months()) %}
        {{ '+ ' if not loop.first }}case when {{ step }} < {{ months }} then sales_{{ step }}_amount else 0 end
    {%- endfor %}
    as decimal(18,2))
{%- endmacro %}

{#
Days of sales that `amount` uses up, the newest month first (semantics 3.3), as CTEs over a relation
with month_start, as_of_date, countback_lookback_months and the sales of its months. The last CTE is
`walked`: is_truncated, full_days (months used up), and of the month in which the amount ends
last_days, last_sales_amount and last_remaining_amount; when truncated the amount that is left.
#}
{% macro walk_back(relation, amount) -%}
remaining as (
    select
        *,
        {%- for step in range(longest_lookback_months() + 1) %}
        cast({{ amount }}
            {%- for newer in range(step) %} - greatest(sales_{{ newer }}_amount, 0){% endfor %}
            as decimal(18,2)) as remaining_{{ step }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
),

-- Null when the lookback ends before the amount does.
ended as (
    select
        *,
        case
            {%- for step in range(longest_lookback_months()) %}
            when {{ step }} < countback_lookback_months
                and sales_{{ step }}_amount > 0
                and remaining_{{ step }}_amount <= sales_{{ step }}_amount then {{ step }}
            {%- endfor %}
        end as last_step,
        {{ amount }} > 0 as is_owed
    from remaining
),

counted as (
    select
        *,
        is_owed and last_step is null as is_truncated,
        coalesce(last_step, countback_lookback_months) as full_months
    from ended
),

walked as (
    select
        *,
        case full_months
            {%- for step in range(longest_lookback_months() + 1) %}
            when {{ step }} then remaining_{{ step }}_amount
            {%- endfor %}
        end as last_remaining_amount,
        case full_months
            {%- for step in range(longest_lookback_months()) %}
            when {{ step }} then sales_{{ step }}_amount
            {%- endfor %}
        end as last_sales_amount,
        case
            when full_months = 0 then 0
            else {{ days_between(add_months('month_start', '1 - full_months'), 'as_of_date') }} + 1
        end as full_days,
        -- Of the month of the day itself, those up to it.
        case
            when full_months = 0 then {{ days_between('month_start', 'as_of_date') }} + 1
            else {{ days_between(add_months('month_start', '-full_months'),
                add_months('month_start', '1 - full_months')) }}
        end as last_days
    from counted
)
{%- endmacro %}
