{%- set rules = coverage_rules() -%}
with loads as (select * from {{ source('landing', 'loads') }}),

quarantine as (select * from {{ source('landing', 'quarantine') }} where is_held_back),

rejected as (select * from {{ source('landing', 'rejected') }}),

limits as (
    select
        candidate_rules.influence_months,
        candidate_rules.wallet_months,
        relationship_rules.rating_days
    from ({{ dated_config('candidate_config') }}) as candidate_rules
    cross join ({{ dated_config('relationship_rules') }}) as relationship_rules
    where candidate_rules.valid_from <= {{ as_of_date() }}
        and candidate_rules.valid_until > {{ as_of_date() }}
        and relationship_rules.valid_from <= {{ as_of_date() }}
        and relationship_rules.valid_until > {{ as_of_date() }}
),
{% for entity, rule in rules.items() %}
{{ entity }}_counts as (
    select
        count(*) as rows_count
        {%- for column in rule.columns + rule.manual.keys() | list %},
        {%- set limit = rule.manual.get(column) %}
        {%- if limit %}
        {%- set oldest = last_expired_day(limit[1]) %}
        sum(case when {{ column }} is not null
            and {{ limit[0] }} > {{ oldest }} then 1 else 0 end)
            as {{ column }}_known,
        sum(case when {{ column }} is not null
            and ({{ limit[0] }} > {{ oldest }}) is not true
            then 1 else 0 end) as {{ column }}_expired
        {%- else %}
        count({{ column }}) as {{ column }}_known,
        0 as {{ column }}_expired
        {%- endif %}
        {%- endfor %}
    from {{ source('landing', entity) }}
    {%- if rule.manual.values() | select | list %}
    cross join limits
    {%- endif %}
    where is_deleted is not true
),
{% endfor %}
counts as (
    {%- for entity, rule in rules.items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ entity }}' as entity,
        names.column_name,
        {{ 'true' if is_present(entity) else 'false' }} as is_entity_present,
        names.is_manual_input,
        {{ entity }}_counts.rows_count,
        case names.column_name
            when '*' then {{ entity }}_counts.rows_count
            {%- for column in rule.columns + rule.manual.keys() | list %}
            when '{{ column }}' then {{ entity }}_counts.{{ column }}_known
            {%- endfor %}
        end as known_count,
        case names.column_name
            when '*' then 0
            {%- for column in rule.columns + rule.manual.keys() | list %}
            when '{{ column }}' then {{ entity }}_counts.{{ column }}_expired
            {%- endfor %}
        end as expired_count
    from {{ entity }}_counts
    cross join (
        values ('*', false)
        {%- for column in rule.columns %}, ('{{ column }}', false){% endfor %}
        {%- for column in rule.manual %}, ('{{ column }}', true){% endfor %}
    ) as names (column_name, is_manual_input)
    {%- endfor %}
),

first_loads as (
    select
        entity,
        min(landed_on) as history_from_date
    from loads
    group by entity
),

held_back as (
    select entity, column_name, place as row_name from quarantine
    union all
    select entity, column_name, row_key as row_name from rejected
),

held_back_counts as (
    select entity, column_name, count(*) as quarantined_count from held_back
    where column_name <> '*'
    group by entity, column_name
    union all
    select entity, '*' as column_name, count(distinct row_name) as quarantined_count from held_back
    group by entity
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        counts.entity,
        counts.column_name,
        counts.is_entity_present,
        cast(counts.rows_count as bigint) as rows_count,
        cast(coalesce(counts.known_count, 0) as bigint) as known_count,
        cast(coalesce(counts.expired_count, 0) as bigint) as expired_count,
        {{ ratio('counts.known_count', 'counts.rows_count') }} as coverage_ratio,
        first_loads.history_from_date,
        cast(coalesce(held_back_counts.quarantined_count, 0) as bigint) as quarantined_count,
        counts.is_manual_input
    from counts
    left join first_loads on first_loads.entity = counts.entity
    left join held_back_counts
        on held_back_counts.entity = counts.entity
        and held_back_counts.column_name = counts.column_name
)

select * from final
