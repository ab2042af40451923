{# dbt-spark writes an empty cell of a seed as the text 'None' and lets a quote end the value: here a
   cell is a literal, null or quoted. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {% set column_types = model['config'].get('column_types', {}) %}
    {% set statements = [] %}
    {% for chunk in agate_table.rows | batch(get_batch_size()) %}
        {% set sql %}
            insert into {{ this.render() }} values
            {% for row in chunk -%}
            {% set row_loop = loop %}
            (
                {%- for column in agate_table.column_names -%}
                {%- set type = column_types.get(
                    column, adapter.convert_type(agate_table, loop.index0)) -%}
                cast({{ spark__literal(row[column]) }} as {{ type }})
                {%- if not loop.last %}, {% endif -%}
                {%- endfor -%}
            ){%- if not row_loop.last %},{% endif %}
            {% endfor %}
        {% endset %}
        {% do adapter.add_query(sql, abridge_sql_log=True) %}
        {% if loop.first %}{% do statements.append(sql) %}{% endif %}
    {% endfor %}
    {% do return(statements[0]) %}
{%- endmacro %}

{% macro spark__literal(value) -%}
    {% if value is none %}null{% else %}'{{ value | string | replace('\\', '\\\\') | replace("'", "\\'") }}'{% endif %}
{%- endmacro %}
