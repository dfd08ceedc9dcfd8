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

{# Whether a customer has a rhythm of its own, from how many gaps it has; else that of its channel. #}
{% macro rhythm_basis(gaps) -%}
    case
        when {{ gaps }} >= own_gaps then 'own'
        when {{ gaps }} < own_gaps then 'pooled'
    end
{%- endmacro %}

{# Days of silence after which a customer is at risk, by the rules of the day: its p90 gap within
   bounds; the upper bound where nobody of the channel has bought twice. #}
{% macro at_risk_after(p90) -%}
    cast(
        least(
            greatest(coalesce({{ p90 }}, at_risk_to_days), at_risk_from_days),
            at_risk_to_days
        )
    as decimal(18,2))
{%- endmacro %}

{# Days of silence after which it is lost: a multiple of those, within bounds. #}
{% macro churned_after(at_risk_after_days) -%}
    cast(
        least(
            greatest(churned_multiple * {{ at_risk_after_days }}, churned_from_days),
            churned_to_days
        )
    as decimal(18,2))
{%- endmacro %}
