{# True where an entity of the source contract has landed (absent is not empty). #}
{% macro is_present(entity) %}{{ return(entity in var('present_entities')) }}{% endmacro %}

{# An expression where what it rests on has landed, else null of its type. #}
{% macro known_or_null(is_known, expression, type='bigint') -%}
    {{ expression if is_known else 'cast(null as ' ~ type ~ ')' }}
{%- endmacro %}
