{# Lists and JSON as text: arrays and objects differ between the engines. #}

{# A JSON object with its keys sorted; `fields` maps key -> SQL. Null stays null. #}
{% macro json_object(fields) %}{{ return(adapter.dispatch('json_object')(fields)) }}{% endmacro %}
{% macro default__json_object(fields) %}
    cast(to_json(struct_pack(
        {%- for key in fields | sort %} {{ key }} := {{ fields[key] }}{{ ',' if not loop.last }}{% endfor %}
    )) as varchar)
{%- endmacro %}
{% macro spark__json_object(fields) %}
    to_json({{ json_fields(fields) }}, map('ignoreNullFields', 'false'))
{%- endmacro %}

{# A JSON array of the objects of a group, ordered; `fields` as above. #}
{% macro json_array(fields, order_by) %}{{ return(adapter.dispatch('json_array')(fields, order_by)) }}{% endmacro %}
{% macro default__json_array(fields, order_by) %}
    list(struct_pack(
        {%- for key in fields | sort %} {{ key }} := {{ fields[key] }}{{ ',' if not loop.last }}{% endfor %}
    ) order by {{ order_by }})
{%- endmacro %}
{% macro spark__json_array(fields, order_by) %}
    transform(
        sort_array(collect_list(struct({{ order_by }}, {{ json_fields(fields) }} as item))),
        entry -> entry.item
    )
{%- endmacro %}
{% macro json_fields(fields) -%}
    named_struct(
        {%- for key in fields | sort %}'{{ key }}', {{ fields[key] }}{{ ', ' if not loop.last }}{% endfor -%}
    )
{%- endmacro %}

{# Text parts joined by a pipe, null parts left out. #}
{% macro event_key(parts) %}concat_ws('|', {{ parts | join(', ') }}){% endmacro %}

{% macro text_type() %}{{ return(adapter.dispatch('text_type')()) }}{% endmacro %}
{% macro default__text_type() %}varchar{% endmacro %}
{% macro spark__text_type() %}string{% endmacro %}

{# An amount of money as a published text: two decimals, 0.00 where there is none. #}
{% macro published_amount(amount) -%}
    cast(cast(coalesce({{ amount }}, 0) as decimal(18,2)) as {{ text_type() }})
{%- endmacro %}
