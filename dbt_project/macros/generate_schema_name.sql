{# Schema = domain: `core.fct_orders`, not `main_core.fct_orders`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
