{#
Walks up from each node of `edges` (epoch_date, node, parent) and gives `roots` (epoch_date, node,
root). Members of a cycle become their own roots. A chain of more than 64 steps counts as a cycle.
Adds the CTEs <name>_walk, <name>_cycles, <name>_cut_walk and <name>_roots.
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

{{ name }}_cycles as (
    select epoch_date, ancestor as node from {{ name }}_walk
    where depth = 64
    group by epoch_date, ancestor
),

{{ name }}_cut as (
    select edge.* from {{ edges }} as edge
    left join {{ name }}_cycles as cycles
        on cycles.epoch_date = edge.epoch_date and cycles.node = edge.node
    where cycles.node is null
),

{{ name }}_cut_walk as (
    select epoch_date, node, parent as ancestor, 1 as depth from {{ name }}_cut
    union all
    select walk.epoch_date, walk.node, edge.parent as ancestor, walk.depth + 1 as depth
    from {{ name }}_cut_walk as walk
    inner join {{ name }}_cut as edge
        on edge.epoch_date = walk.epoch_date and edge.node = walk.ancestor
    where walk.depth < 64
),

{{ name }}_roots as (
    select epoch_date, node, ancestor as root
    from (
        select
            epoch_date, node, ancestor,
            row_number() over (partition by epoch_date, node order by depth desc) as rank_from_top
        from {{ name }}_cut_walk
    ) as ranked
    where rank_from_top = 1
)
{% endmacro %}
