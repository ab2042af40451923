{# Day of a UTC timestamp on the tenant's own calendar: days and months of KPIs are the brand's. #}
{% macro local_date(timestamp) -%}
    cast({{ local_time(timestamp, setting('timezone')) }} as date)
{%- endmacro %}
