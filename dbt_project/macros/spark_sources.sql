{# Tables of Spark over Parquet files: `tables` has the columns of each by its name, its files are in
   <folder>/<schema>/<table>. For `dbt run-operation`: what the landing gate loaded reaches Spark so.
   A platform whose raw tables are in its catalog already needs none of it (docs/spark.md). #}
{% macro register_source_files(folder, tables) -%}
    {% if target.type != 'spark' %}
        {% do exceptions.raise_compiler_error('register_source_files is for the target spark') %}
    {% endif %}
    {% for name, columns in tables.items() %}
        {% do run_query('create schema if not exists ' ~ name.split('.')[0]) %}
        {% do run_query('drop table if exists ' ~ name) %}
        {% do run_query(
            "create table " ~ name ~ " (" ~ columns ~ ") using parquet location '"
            ~ folder ~ "/" ~ name | replace('.', '/') ~ "'"
        ) %}
    {% endfor %}
{%- endmacro %}
