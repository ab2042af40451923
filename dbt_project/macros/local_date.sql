{# Day of a UTC timestamp on the tenant's own calendar: days and months of KPIs are the brand's. #}
{% macro local_date(timestamp) -%}
    cast({{ local_time(timestamp, setting('timezone')) }} as date)
{%- endmacro %}

{# Quarters of an hour, by number: days of every calendar begin at one. To ask a calendar for each of
   millions of times takes longer than all the rest that is done with them; it is asked for the few
   quarters (quarter_dates), and rows find theirs by number. #}
{% macro quarter(timestamp) -%} {{ time_slot(timestamp, 900) }} {%- endmacro %}

{# A CTE body: one row per quarter that rows of a relation lie in: quarter, local_date. #}
{% macro quarter_dates(relation, timestamp) -%}
    {%- set starts_at = add_time("cast('1970-01-01' as timestamp)", 'quarter * 900', 'second') -%}
    select
        quarter,
        {{ local_date(starts_at) }} as local_date
    from (select distinct {{ quarter(timestamp) }} as quarter from {{ relation }}) as quarters
{%- endmacro %}
