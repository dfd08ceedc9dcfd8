{% macro generate_schema_name(custom_schema_name, node) %}
    {#- Schemas are called what the layers are called, on every target. -#}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{% endmacro %}
