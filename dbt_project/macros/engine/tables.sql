{# A table of DuckDB is put in place of the last one in one transaction: its adapter builds beside,
   renames twice and drops, which for a few hundred small tables takes longer than their SQL. #}
{% materialization table, adapter="duckdb" %}
    {%- set last = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement("main") -%}
        {%- if last is not none %}
        drop {{ last.type }} {{ last }};
        {%- endif %}
        {{ create_table_as(False, table, compiled_code) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({"relations": [table]}) }}
{% endmaterialization %}
