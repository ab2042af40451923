{# Parquet tables can only be written anew; Delta and Iceberg merge. On Spark without them a model that
   is incremental elsewhere is a plain table, built in full: is_incremental() is false, and so its SQL
   reads everything. #}
{% macro builds_increments() -%} {{ return(adapter.dispatch('builds_increments')()) }} {%- endmacro %}
{% macro default__builds_increments() -%} {{ return(true) }} {%- endmacro %}
{% macro spark__builds_increments() -%}
    {{ return(config.get('file_format') in ['delta', 'iceberg', 'hudi']) }}
{%- endmacro %}

{% macro is_incremental() -%}
    {{ return(dbt.is_incremental() and builds_increments()) }}
{%- endmacro %}

{% materialization incremental, adapter='spark', supported_languages=['sql'] %}
    {% if builds_increments() %}
        {{ return(dbt.materialization_incremental_spark()) }}
    {% else %}
        {{ return(dbt.materialization_table_spark()) }}
    {% endif %}
{% endmaterialization %}
