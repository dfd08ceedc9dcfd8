{#
Schemas are called what the layers are called. On Spark, where one catalog serves many, the name of
the target stands before: keyaccounts_marts.
#}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{ return(adapter.dispatch('layer_schema')(custom_schema_name)) }}
{% endmacro %}
{% macro default__layer_schema(layer) %}{{ return(layer or target.schema) }}{% endmacro %}
{% macro spark__layer_schema(layer) %}
    {{ return(target.schema ~ '_' ~ layer if layer else target.schema) }}
{% endmacro %}
