{#
Lifetime value (semantics 3.9). Churn is the fraction `churned` / `units`, both whole numbers, so
that nothing is rounded before the end; `discount` has at most 4 decimals.
#}

{# m / c #}
{% macro ltv_simple(profit, churned, units) -%}
    {{ multiply_divide(profit, units, churned) }}
{%- endmacro %}

{# m r / (1 + d - r), with r = 1 - c (Gupta and Lehmann, 2003) #}
{% macro clv_future(profit, churned, units, discount) -%}
    {{ multiply_divide(profit, units ~ ' - ' ~ churned, discount ~ ' * ' ~ units ~ ' + ' ~ churned) }}
{%- endmacro %}

{# m (1 + d) / (1 + d - r) #}
{% macro clv_with_current_year(profit, churned, units, discount) -%}
    {{ multiply_divide(
        profit, '(1 + ' ~ discount ~ ') * ' ~ units, discount ~ ' * ' ~ units ~ ' + ' ~ churned
    ) }}
{%- endmacro %}
