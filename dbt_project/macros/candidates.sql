{#
How far an amount has come towards `limit`, as a share of its part of a candidate's score: at the limit
0.8, as a rating of 4 is 0.8 of 5; in proportion below and above it, never below 0 nor above 1. Both
are SQL of amounts in the engine's widest whole numbers (`whole`), the limit above 0.
#}
{% macro share_of_part(amount, limit) -%}
    {%- set share = whole_ratio('8 * (' ~ amount ~ ')', '10 * (' ~ limit ~ ')') -%}
    cast(least(greatest(coalesce({{ share }}, 0), 0), 1) as decimal(18,6))
{%- endmacro %}

{# A rating of 0 to 5 as a share of its part; 0 when it is not known. #}
{% macro rating_of_part(rating) -%}
    cast(coalesce({{ rating }}, 0) * cast(0.2 as decimal(2,1)) as decimal(18,6))
{%- endmacro %}
