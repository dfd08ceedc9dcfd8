{#
Walks up from each node of `edges` (epoch_date, node, parent) and gives <name>_roots (epoch_date,
node, root). A walk stops at the first member of a cycle; the members are their own roots and have
no row. A chain of more than 64 steps counts as a cycle.
#}
{% macro walk_to_roots(name, edges) %}
{{ name }}_walk as (
    select epoch_date, node, parent as ancestor, 1 as depth from {{ edges }}
    union all
    select walk.epoch_date, walk.node, edge.parent as ancestor, walk.depth + 1 as depth
    from {{ name }}_walk as walk
    inner join {{ edges }} as edge
        on edge.epoch_date = walk.epoch_date and edge.node = walk.ancestor
    where walk.depth < 64
),

-- Whoever is still walking after so many steps is on a cycle.
{{ name }}_cycles as (
    select epoch_date, ancestor as node from {{ name }}_walk
    where depth = 64
    group by epoch_date, ancestor
),

{{ name }}_roots as (
    select epoch_date, node, ancestor as root
    from (
        select
            walk.epoch_date, walk.node, walk.ancestor,
            row_number() over (
                partition by walk.epoch_date, walk.node
                order by case when met.node is null then 65 - walk.depth else walk.depth - 65 end
            ) as rank_from_root
        from {{ name }}_walk as walk
        left join {{ name }}_cycles as met
            on met.epoch_date = walk.epoch_date and met.node = walk.ancestor
        left join {{ name }}_cycles as own
            on own.epoch_date = walk.epoch_date and own.node = walk.node
        where own.node is null
    ) as ranked
    where rank_from_root = 1
)
{% endmacro %}

{#
The periods in which the members of each group stay the same, and the members, as the rows of a
query. `group_key` is customer_key or tier_unit_id. Most groups have one period, so what is built
from the days of all members is built once, not once per change of somebody else.
#}
{% macro unchanged_members(group_key) -%}
with units as (select * from {{ ref('int_identity__account_units') }}),

belonging as (
    select
        epoch_date,
        account_id,
        case when not is_internal then {{ group_key }} end as {{ group_key }}
    from units
),

compared as (
    select
        belonging.*,
        lag({{ group_key }}) over (partition by account_id order by epoch_date) as former_key
    from belonging
),

-- Both sides change: the group that an account joins and the one that it leaves.
changes as (
    select {{ group_key }}, epoch_date from compared
    where {{ group_key }} is not null and {{ group_key }} is distinct from former_key
    union
    select former_key as {{ group_key }}, epoch_date from compared
    where former_key is not null and {{ group_key }} is distinct from former_key
),

periods as (
    select
        {{ group_key }},
        epoch_date as members_from,
        coalesce(
            lead(epoch_date) over (partition by {{ group_key }} order by epoch_date),
            {{ end_of_time() }}
        ) as members_until
    from changes
),

final as (
    select
        periods.{{ group_key }},
        periods.members_from,
        periods.members_until,
        belonging.account_id
    from periods
    inner join belonging
        on belonging.epoch_date = periods.members_from
        and belonging.{{ group_key }} = periods.{{ group_key }}
)

select * from final
{%- endmacro %}
