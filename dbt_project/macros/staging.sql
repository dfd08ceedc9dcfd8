{#
The newest version of each row of an entity, without the rows that are held back. What is not
needed for the landing at hand (a key that stands once, no row held back) is not written, so the
common case is a plain scan. Column is_orphan_<x> says that reference x leads nowhere.
#}
{% macro current_rows(entity, keys) %}
    {%- set nulled = var('nulled_columns').get(entity, []) -%}
    select
        landed.*
        {%- for column in nulled %},
        orphan_{{ column }}._row is not null as is_orphan_{{ column }}
        {%- endfor %}
    from
    {%- if entity in var('unique_entities') %} {{ source('landing', entity) }} as landed
    {%- else %} (
        select
            *,
            row_number() over (
                partition by {{ keys | join(', ') }}
                order by updated_at desc nulls last, _load desc, _row
            ) as version_rank
        from {{ source('landing', entity) }}
    ) as landed
    {%- endif %}
    {%- for column in nulled %}
    left join {{ source('landing', 'nulled') }} as orphan_{{ column }}
        on orphan_{{ column }}.entity = '{{ entity }}'
        and orphan_{{ column }}.column_name = '{{ column }}'
        and orphan_{{ column }}._load = landed._load
        and orphan_{{ column }}._row = landed._row
    {%- endfor %}
    where landed.is_deleted is not true
    {%- if entity not in var('unique_entities') %}
        and landed.version_rank = 1
    {%- endif %}
    {%- if entity in var('rejected_entities') %}
        and not exists (
            select 1 from {{ source('landing', 'rejected') }} as held_back
            where held_back.entity = '{{ entity }}'
                and held_back._load = landed._load
                and held_back._row = landed._row
        )
    {%- endif %}
{% endmacro %}

{# A reference as it may be used: null where it leads nowhere. #}
{% macro reference(entity, column) -%}
    {%- if column in var('nulled_columns').get(entity, []) -%}
        case when not is_orphan_{{ column }} then {{ column }} end as {{ column }}
    {%- else -%}
        {{ column }}
    {%- endif -%}
{%- endmacro %}
