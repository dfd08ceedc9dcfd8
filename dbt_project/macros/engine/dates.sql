{# What differs between the engines in the handling of dates. #}

{% macro month_start(day) %}{{ return(adapter.dispatch('month_start')(day)) }}{% endmacro %}
{% macro default__month_start(day) %}cast(date_trunc('month', {{ day }}) as date){% endmacro %}

{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months')(day, months)) }}{% endmacro %}
{% macro default__add_months(day, months) %}cast({{ day }} + to_months(cast({{ months }} as integer)) as date){% endmacro %}
{% macro spark__add_months(day, months) %}add_months({{ day }}, {{ months }}){% endmacro %}

{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days')(day, days)) }}{% endmacro %}
{% macro default__add_days(day, days) %}cast({{ day }} + cast({{ days }} as integer) as date){% endmacro %}
{% macro spark__add_days(day, days) %}date_add({{ day }}, cast(round({{ days }}) as int)){% endmacro %}

{# Days from `earlier` to `later`, an integer. #}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) %}cast({{ later }} - {{ earlier }} as bigint){% endmacro %}
{% macro spark__days_between(earlier, later) %}cast(datediff({{ later }}, {{ earlier }}) as bigint){% endmacro %}

{# Whole seconds from one instant to another; parts of a second are cut off of both. #}
{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between')(earlier, later)) }}{% endmacro %}
{% macro default__seconds_between(earlier, later) %}cast(date_diff('second', {{ earlier }}, {{ later }}) as bigint){% endmacro %}
{% macro spark__seconds_between(earlier, later) -%}
    (unix_seconds(cast({{ later }} as timestamp)) - unix_seconds(cast({{ earlier }} as timestamp)))
{%- endmacro %}

{# A number that grows by one from month to month. #}
{% macro month_number(day) %}cast(year({{ day }}) * 12 + month({{ day }}) as bigint){% endmacro %}

{# The business day of an instant in UTC. #}
{% macro business_date(instant, zone=none) -%}
    {{ return(adapter.dispatch('business_date')(instant, zone or var('timezone'))) }}
{%- endmacro %}
{% macro default__business_date(instant, zone) %}cast(timezone('{{ zone }}', timezone('UTC', {{ instant }})) as date){% endmacro %}
{% macro spark__business_date(instant, zone) %}to_date(from_utc_timestamp(cast({{ instant }} as timestamp), '{{ zone }}')){% endmacro %}

{# A table expression with one row `month_start` per month from one day to another. #}
{% macro months_between(first_day, last_day) %}{{ return(adapter.dispatch('months_between')(first_day, last_day)) }}{% endmacro %}
{% macro default__months_between(first_day, last_day) %}
    (
        select cast(unnest(generate_series(
            cast({{ month_start(first_day) }} as timestamp),
            cast({{ month_start(last_day) }} as timestamp),
            interval 1 month
        )) as date) as month_start
    )
{% endmacro %}
{% macro spark__months_between(first_day, last_day) %}
    (select explode(sequence({{ month_start(first_day) }}, {{ month_start(last_day) }}, interval 1 month)) as month_start)
{% endmacro %}
