{#
The continuous 90th percentile (linear interpolation) of a group of values, as an aggregate over rows
that `ninetieth_places` has marked. Exact: 0.9 x (n - 1) has one decimal. `count` is n in every row.
#}
{% macro ninetieth_percentile(value, count) -%}
    {%- set place -%} 9 * (max({{ count }}) - 1) {%- endset -%}
    {%- set at -%} min(case when is_from_place then {{ value }} end) {%- endset -%}
    {%- set next -%} min(case when is_from_next then {{ value }} end) {%- endset -%}
    cast(cast({{ at }} as decimal(18,2)) + cast(({{ next }} - {{ at }}) * (({{ place }}) % 10)
        as decimal(18,0)) * cast(0.1 as decimal(2,1)) as decimal(18,2))
{%- endmacro %}

{# Marks the values from the place of that percentile on, and from the next place on: `through` of
   the `count` values are as large as the value of a row, or smaller. #}
{% macro ninetieth_places(through, count) -%}
    10 * {{ through }} >= 9 * ({{ count }} - 1) - (9 * ({{ count }} - 1)) % 10 + 10
        as is_from_place,
    10 * {{ through }} >= least(
        9 * ({{ count }} - 1) - (9 * ({{ count }} - 1)) % 10 + 20, 10 * {{ count }}
    ) as is_from_next
{%- endmacro %}
