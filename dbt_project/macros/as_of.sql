{# The point in time that the marts describe, instead of the clock: midnight after the newest
   landed day, or what tenant.yml fixes. A value of a table, so that a new day re-parses nothing. #}
{% macro as_of() -%} {{ setting('as_of') }} {%- endmacro %}

{# One value of ops.settings (see orchestration/settings.py) as a scalar subquery. #}
{% macro setting(name) -%}
    (select settings.{{ name }} from {{ source('ops', 'settings') }} as settings)
{%- endmacro %}
