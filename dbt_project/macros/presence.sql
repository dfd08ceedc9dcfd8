{# True where an entity of the source contract has landed (absent is not empty). #}
{% macro is_present(entity) %}{{ return(entity in var('present_entities')) }}{% endmacro %}
