{# The point in time that the marts describe, instead of the clock: midnight after the newest
   landed day, or what tenant.yml fixes. A value of a table, so that a new day re-parses nothing. #}
{% macro as_of() -%} {{ setting('as_of') }} {%- endmacro %}

{# One value of ops.settings (see orchestration/settings.py). In a view a scalar subquery; in a table the
   value itself, read when the table is built: comparing rows with a subquery, DuckDB expects one row to
   be left and joins the wrong way round. #}
{% macro setting(name) -%}
    {{ adapter.dispatch('setting')(name, source('ops', 'settings')) }}
{%- endmacro %}

{% macro default__setting(name, settings) -%}
    {%- set literals = model.setdefault('setting_literals', {}) if execute and model is defined
        and model.resource_type == 'model' and model.config.materialized != 'view' else none -%}
    {%- if literals is not none and name not in literals -%}
        {%- if load_relation(settings) is none -%}
            {%- do literals.update({name: none}) -%}
        {%- else -%}
            {%- set rows = run_query(
                'select cast(' ~ name ~ ' as varchar), typeof(' ~ name ~ ') from ' ~ settings).rows -%}
            {%- set value = rows[0][0] if rows else none -%}
            {%- do literals.update({
                name: none if value is none
                    else "cast('" ~ (value | replace("'", "''")) ~ "' as " ~ rows[0][1] ~ ')'}) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if literals and literals[name] -%}
        {{ literals[name] }}
    {%- else -%}
        {{ spark__setting(name, settings) }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__setting(name, settings) -%}
    (select settings.{{ name }} from {{ settings }} as settings)
{%- endmacro %}

{# Ends a stretch of time that goes on, so that joins compare with a value. #}
{% macro end_of_time() -%} cast('9999-12-31' as timestamp) {%- endmacro %}
