{# What DuckDB builds is put in place of the last one by one request: its adapter builds beside,
   renames twice and drops, which for a few hundred small tables takes longer than their SQL. #}
{% macro put_in_place(kind) %}
    {%- set last = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type=kind) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement("main") -%}
        {%- if last is not none %}
        drop {{ last.type }} {{ last }};
        {%- endif %}
        {% if kind == "view" -%}
            {{ create_view_as(relation, compiled_code) }}
        {%- else -%}
            {{ create_table_as(False, relation, compiled_code) }}
        {%- endif %}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({"relations": [relation]}) }}
{% endmacro %}

{% materialization table, adapter="duckdb" %}
    {{ return(put_in_place("table")) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb" %}
    {{ return(put_in_place("view")) }}
{% endmaterialization %}
