{# (amount / quantity) / (earlier amount / earlier quantity) - 1, rounded once to six decimals; null
   unless both quantities and the earlier amount are above 0. #}
{% macro unit_price_change(amount, quantity, amount_before, quantity_before) %}
    {%- set now -%} ({{ cents(amount) }} * {{ whole(quantity_before) }}) {%- endset -%}
    {%- set before -%} ({{ cents(amount_before) }} * {{ whole(quantity) }}) {%- endset -%}
    case when {{ quantity_before }} > 0 then {{ whole_ratio('(' ~ now ~ ' - ' ~ before ~ ')', before) }} end
{%- endmacro %}
