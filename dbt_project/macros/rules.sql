{# A dated rule as rows (valid_from, valid_until, amount): the one in force on a day counts there. #}
{% macro dated_rule(rule) -%}
    select
        valid_from,
        coalesce(lead(valid_from) over (order by valid_from), {{ end_of_time() }}) as valid_until,
        amount
    from {{ ref('alert_rules') }}
    where rule = '{{ rule }}'
{%- endmacro %}

{# The rows of a dated seed with the day on which the next one, of the same `by`, takes over: valid_until. #}
{% macro dated_config(seed, by=none) -%}
    select
        *,
        coalesce(
            lead(valid_from) over ({{ 'partition by ' ~ by ~ ' ' if by }}order by valid_from),
            {{ end_of_time() }}
        ) as valid_until
    from {{ ref(seed) }}
{%- endmacro %}
