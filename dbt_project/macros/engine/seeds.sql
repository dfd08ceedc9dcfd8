{#
Rows of a seed as literals. The adapter for Spark puts values into the statement unescaped, so that
an apostrophe breaks it, and writes a missing text as the word None. A seed may have no row.
#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- if not agate_table.rows %}{{ return('') }}{% endif -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set statement -%}
        insert into {{ this.render() }} values
        {%- for row in agate_table.rows %}
        (
            {%- for column in agate_table.column_names -%}
            {%- set value = row[column] -%}
            cast({% if value is none %}null{% else %}'{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'{% endif %} as {{ types.get(column, 'string') }})
            {{- ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {% do adapter.add_query(statement, abridge_sql_log=True) %}
    {{ return(statement) }}
{% endmacro %}
