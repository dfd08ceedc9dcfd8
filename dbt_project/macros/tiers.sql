{#
The ABC rule for one ranking (semantics 3.1): `before` is the sum of strictly greater positive
profits, `total` the sum of all positive ones. Exactly at a threshold is the worse tier.
#}
{% macro abc(profit, before, total, threshold_a, threshold_b) -%}
    case
        when {{ profit }} <= 0 then 'C'
        when {{ is_below(before, total, threshold_a) }} then 'A'
        when {{ is_below(before, total, threshold_b) }} then 'B'
        when {{ before }} >= 0 then 'C'
    end
{%- endmacro %}

{# before / total < limit, without a division. #}
{% macro is_below(before, total, limit) -%}
    {{ before }} < cast({{ total }} as decimal(24,2)) * ({{ limit }})
{%- endmacro %}

{# Sum of the positive profits strictly greater than a row's own: ties share it. How many are equal
   is what one order tells: all up to the last of them, less those before the first. #}
{% macro positive_before(profit, partition) -%}
    {%- set ranking = '(partition by ' ~ partition ~ ' order by ' ~ profit ~ ' desc)' -%}
    cast(
        sum(greatest({{ profit }}, 0)) over {{ ranking }}
        - greatest({{ profit }}, 0) * (count(*) over {{ ranking }} - rank() over {{ ranking }} + 1)
    as decimal(24,2))
{%- endmacro %}

{#
The official state machine, one step (semantics 3.1). `was` and `streak` are the state before;
`now` is the alias of the evaluation, `old` the prefix of its columns under other rules.
#}
{% macro is_down_eligible(was, now, old='') -%}
    ({{ was }} = 'A' and {{ now }}.{{ old }}is_down_from_a)
    or ({{ was }} = 'B' and {{ now }}.{{ old }}is_down_from_b)
{%- endmacro %}

{% macro next_tier(was, streak, now, old='') -%}
    case
        when {{ now }}.{{ old }}rating_status <> 'RATED' then {{ now }}.{{ old }}rating_status
        when {{ was }} is null or {{ was }} in ('NEW', 'INACTIVE') then {{ now }}.{{ old }}raw_tier
        when {{ is_down_eligible(was, now, old) }} then
            case
                when {{ streak }} + 1 >= {{ now }}.{{ old }}down_month_ends then {{ now }}.{{ old }}raw_tier
                else {{ was }}
            end
        when {{ was }} <> 'A' and {{ now }}.{{ old }}is_up_to_a then 'A'
        when {{ was }} = 'C' and {{ now }}.{{ old }}is_up_to_b then 'B'
        when {{ was }} in ('A', 'B', 'C') then {{ was }}
    end
{%- endmacro %}

{% macro next_streak(was, streak, now, old='') -%}
    case
        when {{ now }}.{{ old }}rating_status = 'RATED'
            and ({{ is_down_eligible(was, now, old) }})
            and {{ streak }} + 1 < {{ now }}.{{ old }}down_month_ends then {{ streak }} + 1
        else 0
    end
{%- endmacro %}

{# 1 is best; a tier that is not ranked has none. #}
{% macro tier_level(tier) -%}
    case {{ tier }} when 'A' then 1 when 'B' then 2 when 'C' then 3 end
{%- endmacro %}

{# The same with INACTIVE behind all; NEW has none. #}
{% macro standing(tier) -%}
    case {{ tier }} when 'A' then 1 when 'B' then 2 when 'C' then 3 when 'INACTIVE' then 4 end
{%- endmacro %}
