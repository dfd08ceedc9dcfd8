{# Exact arithmetic: decimals in, decimals out, rounded half away from zero, once. #}

{# numerator / denominator as decimal(18,6); null when the denominator is null or 0. #}
{% macro ratio(numerator, denominator) %}{{ multiply_divide(numerator, '1', denominator, 6) }}{% endmacro %}

{# a x b / c, rounded once to `scale` decimals; null when c is null or 0. a, b and c have at most
   4 decimals. Whole numbers of 38 digits carry it: a x b may reach 10^22. #}
{% macro multiply_divide(a, b, c, scale=2) %}{{ return(adapter.dispatch('multiply_divide')(a, b, c, scale)) }}{% endmacro %}

{# Without a case each part is reckoned once, however often it is written. #}
{% macro default__multiply_divide(a, b, c, scale) %}
    {%- set top -%} ({{ whole(a) }} * {{ whole(b) }}) {%- endset -%}
    {%- set bottom -%} {{ whole(c) }} {%- endset -%}
    cast(
        sign({{ top }}) * sign({{ bottom }}) * {{ whole_division(
            'abs(' ~ top ~ ') * ' ~ 2 * 10 ** scale ~ ' + abs(' ~ bottom ~ ') * 10000',
            'nullif(abs(' ~ bottom ~ ') * 20000, 0)'
        ) }} * {{ unit_of(scale) }}
    as decimal(18,{{ scale }}))
{%- endmacro %}
{% macro spark__multiply_divide(a, b, c, scale) %}
    {%- set top -%} ({{ whole(a) }} * {{ whole(b) }}) {%- endset -%}
    {%- set bottom -%} {{ whole(c) }} {%- endset -%}
    {%- set rounded = whole_division(
        'abs(' ~ top ~ ') * ' ~ 2 * 10 ** scale ~ ' + abs(' ~ bottom ~ ') * 10000',
        'abs(' ~ bottom ~ ') * 20000'
    ) -%}
    cast(case when {{ bottom }} <> 0 then
        case when ({{ top }} < 0) = ({{ bottom }} < 0) then 1 else -1 end
        * {{ rounded }} * {{ unit_of(scale) }}
    end as decimal(18,{{ scale }}))
{%- endmacro %}

{# a / c, cut to `scale` decimals: the largest such number that is not above it. For a, c >= 0. #}
{% macro divide_down(a, c, scale=2) %}
    cast(case when {{ whole(c) }} > 0 then
        {{ whole_division(whole(a) ~ ' * ' ~ 10 ** scale, whole(c)) }} * {{ unit_of(scale) }}
    end as decimal(18,{{ scale }}))
{%- endmacro %}

{# The square root of a whole number from 0 to 10^30, cut to a whole number, exact: the root of a
   double is one off at most. #}
{% macro square_root(n) -%}
    {%- set root -%} cast(floor(sqrt(cast({{ n }} as double))) as decimal(38,0)) {%- endset -%}
    cast(case
        when {{ root }} * {{ root }} > {{ n }} then {{ root }} - 1
        when ({{ root }} + 1) * ({{ root }} + 1) <= {{ n }} then {{ root }} + 1
        when {{ n }} >= 0 then {{ root }}
    end as decimal(18,0))
{%- endmacro %}

{# a / b - c / d of amounts of money, rounded once to six decimals; for b, d > 0. #}
{% macro ratio_difference(a, b, c, d) %}
    {%- set top -%} ({{ cents(a) }} * {{ cents(d) }} - {{ cents(c) }} * {{ cents(b) }}) {%- endset -%}
    {%- set bottom -%} ({{ cents(b) }} * {{ cents(d) }}) {%- endset -%}
    {{ whole_ratio(top, bottom) }}
{% endmacro %}

{# Whether a / b - c / d <= limit, without a division; for b, d > 0 and a limit of four decimals. #}
{% macro is_difference_within(a, b, c, d, limit) -%}
    ({{ cents(a) }} * {{ cents(d) }} - {{ cents(c) }} * {{ cents(b) }}) * 10000
    <= {{ whole(limit) }} * ({{ cents(b) }} * {{ cents(d) }})
{%- endmacro %}

{# An amount of money in cents, in the engine's widest whole numbers. #}
{% macro cents(x) %}{{ whole('(' ~ x ~ ') * cast(0.01 as decimal(3,2))') }}{% endmacro %}

{# The value of the last of `scale` decimals. #}
{% macro unit_of(scale) -%}
    cast('0.{{ '0' * (scale - 1) }}1' as decimal({{ scale + 1 }},{{ scale }}))
{%- endmacro %}

{# 10,000 times a number of at most 4 decimals, in the engine's widest whole numbers. #}
{% macro whole(x) %}{{ return(adapter.dispatch('whole')(x)) }}{% endmacro %}
{% macro default__whole(x) %}cast(cast({{ x }} as decimal(34,4)) * 10000 as hugeint){% endmacro %}
{% macro spark__whole(x) %}cast(cast({{ x }} as decimal(34,4)) * 10000 as decimal(38,0)){% endmacro %}

{# A sum of such numbers, or what whole_division gave, as one of them again. #}
{% macro whole_number(x) %}{{ return(adapter.dispatch('whole_number')(x)) }}{% endmacro %}
{% macro default__whole_number(x) %}cast({{ x }} as hugeint){% endmacro %}
{% macro spark__whole_number(x) %}cast({{ x }} as decimal(38,0)){% endmacro %}

{# Quotient of two such numbers that are not negative, without its remainder, as decimal(38,0).
   Spark has no division of whole decimals; that of a multiple is exact. #}
{% macro whole_division(n, d) %}{{ return(adapter.dispatch('whole_division')(n, d)) }}{% endmacro %}
{% macro default__whole_division(n, d) %}cast(({{ n }}) // ({{ d }}) as decimal(38,0)){% endmacro %}
{% macro spark__whole_division(n, d) -%}
    cast((({{ n }}) - ({{ n }}) % ({{ d }})) / ({{ d }}) as decimal(38,0))
{%- endmacro %}

{# An amount at a rate, rounded to cents, once. #}
{% macro at_rate(amount, rate) %}{{ return(adapter.dispatch('at_rate')(amount, rate)) }}{% endmacro %}
{# decimal x decimal keeps the narrower width and would overflow. Products of that width are dear, and
   most documents are in the base currency. #}
{% macro default__at_rate(amount, rate) -%}
    case
        when {{ rate }} = 1 then cast({{ amount }} as decimal(18,2))
        else cast(cast({{ amount }} as decimal(38,2)) * {{ rate }} as decimal(18,2))
    end
{%- endmacro %}
{# Wider operands would make Spark round the product before it is rounded to cents. #}
{% macro spark__at_rate(amount, rate) %}cast(cast({{ amount }} as decimal(18,2)) * cast({{ rate }} as decimal(18,8)) as decimal(18,2)){% endmacro %}

{# a / c for whole numbers 0 <= a <= c, cut to 17 decimals; null when c is 0. #}
{% macro fine_share(a, c) -%}
    cast(case when {{ c }} > 0 then
        cast({{ whole_division(whole(a) ~ ' * ' ~ 10 ** 17, whole(c)) }} as decimal(18,0))
        * {{ unit_of(17) }}
    end as decimal(18,17))
{%- endmacro %}

{# The product of two shares in 0..1 of 17 decimals, rounded to as many. #}
{% macro multiply_shares(a, b) -%}
    cast(cast({{ a }} as decimal(18,17)) * cast({{ b }} as decimal(18,17)) as decimal(18,17))
{%- endmacro %}

{# A sum of money, or 0 for no rows. #}
{% macro money_sum(expression) %}cast(coalesce(sum({{ expression }}), 0) as decimal(18,2)){% endmacro %}

{% macro shift_left(number, places) %}{{ return(adapter.dispatch('shift_left')(number, places)) }}{% endmacro %}
{% macro default__shift_left(number, places) %}(cast({{ number }} as integer) << cast({{ places }} as integer)){% endmacro %}
{% macro spark__shift_left(number, places) %}shiftleft({{ number }}, cast({{ places }} as int)){% endmacro %}

{# The median of whole numbers below 2^53, exact: the middle one, or the mean of the two in the
   middle. Null is no number; of none it is null. #}
{% macro median_of(x) -%}
    cast((
        cast({{ lower_median(x) }} as decimal(18,0)) - cast({{ lower_median('-(' ~ x ~ ')') }} as decimal(18,0))
    ) * cast(0.5 as decimal(2,1)) as decimal(18,2))
{%- endmacro %}

{# Of an even number of whole numbers the smaller one of the two in the middle. #}
{% macro lower_median(x) %}{{ return(adapter.dispatch('lower_median')(x)) }}{% endmacro %}
{% macro default__lower_median(x) %}quantile_disc({{ x }}, 0.5){% endmacro %}
{% macro spark__lower_median(x) %}percentile_disc(0.5) within group (order by {{ x }}){% endmacro %}

{# The continuous 90th percentile of whole numbers from the first row of a window to the current one,
   exact: between two whole numbers it has one decimal, which no error of a double reaches. #}
{% macro running_ninetieth(value, window) %}{{ return(adapter.dispatch('running_ninetieth')(value, window)) }}{% endmacro %}
{% macro default__running_ninetieth(value, window) -%}
    cast(cast(quantile_cont({{ value }}, 0.9) over (
        {{ window }} rows between unbounded preceding and current row
    ) as decimal(18,1)) as decimal(18,2))
{%- endmacro %}
{% macro spark__running_ninetieth(value, window) -%}
    cast(cast(percentile({{ value }}, 0.9) over (
        {{ window }} rows between unbounded preceding and current row
    ) as decimal(18,1)) as decimal(18,2))
{%- endmacro %}

{# The median of whole numbers below 2^52 over the rows of a window, exact: half a number at most. Null
   is no number. #}
{% macro median_over(value, window) %}{{ return(adapter.dispatch('median_over')(value, window)) }}{% endmacro %}
{% macro default__median_over(value, window) -%}
    cast(quantile_cont({{ value }}, 0.5) over ({{ window }}) as decimal(18,1))
{%- endmacro %}
{% macro spark__median_over(value, window) -%}
    cast(percentile({{ value }}, 0.5) over ({{ window }}) as decimal(18,1))
{%- endmacro %}
