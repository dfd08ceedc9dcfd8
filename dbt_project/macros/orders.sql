{# (amount / quantity) / (earlier amount / earlier quantity) - 1, rounded once to six decimals; null
   unless both quantities and the earlier amount are above 0. #}
{% macro unit_price_change(amount, quantity, amount_before, quantity_before) %}
    {%- set now -%} ({{ cents(amount) }} * {{ whole(quantity_before) }}) {%- endset -%}
    {%- set before -%} ({{ cents(amount_before) }} * {{ whole(quantity) }}) {%- endset -%}
    case when {{ quantity_before }} > 0 then {{ whole_ratio('(' ~ now ~ ' - ' ~ before ~ ')', before) }} end
{%- endmacro %}

{# What of the amount of a line was delivered: all of it where no quantity is known. #}
{% macro delivered_part(net_amount, delivered_quantity, quantity) -%}
    case
        when {{ delivered_quantity }} is null or {{ quantity }} <= 0 then {{ net_amount }}
        when {{ delivered_quantity }} >= {{ quantity }} then {{ net_amount }}
        when {{ delivered_quantity }} <= 0 then 0
        when {{ delivered_quantity }} > 0 then {{ multiply_divide(
            net_amount, delivered_quantity, quantity) }}
    end
{%- endmacro %}
