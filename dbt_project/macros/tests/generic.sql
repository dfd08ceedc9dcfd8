{# Generic tests, safe against null by construction: they look for `(claim) is not true`. #}

{# No two rows share the grain, and no part of it is null. #}
{% test grain_is_unique(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as rows_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1 {%- for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}

{# What the contract says of single columns: required, closed list, list joined by a pipe. #}
{% test columns_hold_contract(model, required=[], values={}, elements={}) %}
    {%- set claims = [] -%}
    {%- for column in required -%}
        {%- do claims.append([column, 'is null', column ~ ' is not null']) -%}
    {%- endfor -%}
    {%- for column, list in values.items() -%}
        {%- do claims.append([column, 'not in its list', "(" ~ column ~ " is null or " ~ column
            ~ " in ('" ~ list | join("', '") ~ "'))"]) -%}
    {%- endfor -%}
    {%- for column, list in elements.items() -%}
        {%- do claims.append([column, 'has a word not in its list', "(" ~ column ~ " is null or "
            ~ words_are_of(column, list) ~ ")"]) -%}
    {%- endfor %}
    select broken_claim, count(*) as rows_count
    from (
        select
            case
                {%- for column, what, claim in claims %}
                when ({{ claim }}) is not true then '{{ column }} {{ what }}'
                {%- endfor %}
            end as broken_claim
        from {{ model }}
    ) as judged
    where broken_claim is not null
    group by broken_claim
{% endtest %}

{# True when every word of a text joined by pipes is one of `list`. #}
{% macro words_are_of(column, list) -%}
    {%- set word = '(' ~ list | join('|') ~ ')' -%}
    ({{ column }} <> '' and regexp_replace({{ column }}, '^{{ word }}([|]{{ word }})*$', '') = '')
{%- endmacro %}

{# An expression holds for every row. #}
{% test holds(model, claim, where=none) %}
    select * from {{ model }}
    where ({{ claim }}) is not true
    {%- if where %} and ({{ where }}){% endif %}
{% endtest %}
