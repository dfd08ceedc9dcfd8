{# n / d of whole numbers (d above 0), rounded once to six decimals, half away from zero. #}
{% macro whole_ratio(n, d) %}
    cast(case when {{ d }} > 0 then
        case when {{ n }} < 0 then -1 else 1 end
        * {{ whole_division('abs(' ~ n ~ ') * 2000000 + ' ~ d, '(' ~ d ~ ') * 2') }}
        * {{ unit_of(6) }}
    end as decimal(18,6))
{%- endmacro %}

{# What a limit makes of an exposure: watch from a share of the limit on, hold above another. #}
{% macro credit_status(exposure, limit, watch_share, hold_share) -%}
    case
        when {{ limit }} is null then 'no_limit'
        when {{ exposure }} > {{ limit }} * {{ hold_share }} then 'hold'
        when {{ limit }} > 0 and {{ exposure }} >= {{ limit }} * {{ watch_share }} then 'watch'
        when {{ exposure }} is not null then 'ok'
    end
{%- endmacro %}

{# The rows of a seed with the day on which each ends (valid_until). #}
{% macro dated_rows(seed) -%}
    select
        *,
        coalesce(lead(valid_from) over (order by valid_from), {{ end_of_time() }}) as valid_until
    from {{ ref(seed) }}
{%- endmacro %}
