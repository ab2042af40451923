{# Parquet tables can only be written anew; Delta and Iceberg merge. On Spark a model of the
   materializations `increment` and `diffed` (increment.sql) is a plain table, built in full, and so is
   an `incremental` one unless its format merges: is_incremental() is false then, so that its SQL reads
   everything. #}
{% materialization increment, adapter='spark', supported_languages=['sql'] %}
    {{ return(dbt.materialization_table_spark()) }}
{% endmaterialization %}

{% materialization diffed, adapter='spark', supported_languages=['sql'] %}
    {{ return(dbt.materialization_table_spark()) }}
{% endmaterialization %}

{% materialization incremental, adapter='spark', supported_languages=['sql'] %}
    {% if merges_rows() %}
        {{ return(dbt.materialization_incremental_spark()) }}
    {% else %}
        {{ return(dbt.materialization_table_spark()) }}
    {% endif %}
{% endmaterialization %}

{% macro is_incremental() -%} {{ return(dbt.is_incremental() and merges_rows()) }} {%- endmacro %}

{% macro merges_rows() -%} {{ return(adapter.dispatch('merges_rows')()) }} {%- endmacro %}
{% macro default__merges_rows() -%} {{ return(true) }} {%- endmacro %}
{% macro spark__merges_rows() -%}
    {{ return(config.get('file_format') in ['delta', 'iceberg', 'hudi']) }}
{%- endmacro %}
