{% macro as_of_date() %}
    {%- if not var('as_of_date') and execute -%}
        {{ exceptions.raise_compiler_error("var as_of_date is missing: dbt build --vars '{as_of_date: 2026-10-31}'") }}
    {%- endif -%}
    cast('{{ var("as_of_date") or "1900-01-01" }}' as date)
{%- endmacro %}

{# The first version of a record reaches back to the start. #}
{% macro beginning_of_time() %}cast('1900-01-01' as date){% endmacro %}
{% macro end_of_time() %}cast('9999-12-31' as date){% endmacro %}

{# The last day before the twelve months to a day, and the last of those after it: complete months at a
   month-end (ruling 3). #}
{% macro year_before(day) %}{{ return(year_from(day, -12)) }}{% endmacro %}
{% macro year_after(day) %}{{ return(year_from(day, 12)) }}{% endmacro %}
{% macro year_from(day, months) -%}
    case
        when last_day({{ day }}) = {{ day }} then last_day({{ add_months(day, months) }})
        else {{ add_months(day, months) }}
    end
{%- endmacro %}
