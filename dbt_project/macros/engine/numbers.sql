{# Exact arithmetic: decimals in, decimals out, rounded half away from zero, once. #}

{# numerator / denominator as decimal(18,6); null when the denominator is null or 0. #}
{% macro ratio(numerator, denominator) %}{{ multiply_divide(numerator, '1', denominator, 6) }}{% endmacro %}

{# a x b / c, rounded once to `scale` decimals; null when c is null or 0. a, b and c have at most
   4 decimals. Whole numbers of 38 digits carry it: a x b may reach 10^22. #}
{% macro multiply_divide(a, b, c, scale=2) %}{{ return(adapter.dispatch('multiply_divide')(a, b, c, scale)) }}{% endmacro %}
{% macro default__multiply_divide(a, b, c, scale) %}
    {%- set top -%} ({{ whole(a) }} * {{ whole(b) }}) {%- endset -%}
    {%- set bottom -%} {{ whole(c) }} {%- endset -%}
    {%- set unit = '0.' ~ '0' * (scale - 1) ~ '1' -%}
    cast(case when {{ bottom }} <> 0 then
        cast(
            cast(sign({{ top }}) * sign({{ bottom }}) as hugeint) * (
                (abs({{ top }}) * {{ 2 * 10 ** scale }} + abs({{ bottom }}) * 10000)
                // (abs({{ bottom }}) * 20000)
            ) as decimal(38,0)
        ) * cast('{{ unit }}' as decimal({{ scale + 1 }},{{ scale }}))
    end as decimal(18,{{ scale }}))
{%- endmacro %}
{# a / c, cut to `scale` decimals: the largest such number that is not above it. For a, c >= 0. #}
{% macro divide_down(a, c, scale=2) %}{{ return(adapter.dispatch('divide_down')(a, c, scale)) }}{% endmacro %}
{% macro default__divide_down(a, c, scale) %}
    {%- set unit = '0.' ~ '0' * (scale - 1) ~ '1' -%}
    cast(case when {{ whole(c) }} > 0 then
        cast({{ whole(a) }} * {{ 10 ** scale }} // {{ whole(c) }} as decimal(38,0))
        * cast('{{ unit }}' as decimal({{ scale + 1 }},{{ scale }}))
    end as decimal(18,{{ scale }}))
{%- endmacro %}

{% macro whole(x) %}cast(cast({{ x }} as decimal(34,4)) * 10000 as hugeint){% endmacro %}

{# An amount at a rate, rounded to cents. Operands are widened first: decimal x decimal keeps the
   narrower width and would overflow. #}
{% macro at_rate(amount, rate) %}cast(cast({{ amount }} as decimal(38,2)) * {{ rate }} as decimal(18,2)){% endmacro %}

{# A sum of money, or 0 for no rows. #}
{% macro money_sum(expression) %}cast(coalesce(sum({{ expression }}), 0) as decimal(18,2)){% endmacro %}

{% macro shift_left(number, places) %}{{ return(adapter.dispatch('shift_left')(number, places)) }}{% endmacro %}
{% macro default__shift_left(number, places) %}(cast({{ number }} as integer) << cast({{ places }} as integer)){% endmacro %}
{% macro spark__shift_left(number, places) %}shiftleft({{ number }}, cast({{ places }} as int)){% endmacro %}
