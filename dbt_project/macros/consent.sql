{# The words of consent, most restrictive first; the smallest rank of several stands. #}
{% macro consent_rank(status) -%}
    case {{ status }}
        when 'objected' then 1
        when 'withdrawn' then 2
        when 'denied' then 3
        when 'pending' then 4
        when 'granted' then 5
        else 3
    end
{%- endmacro %}

{# What `all` stands for in the column purpose of a consent. #}
{% macro consent_purposes() -%}
    {{ return([
        'marketing', 'personalisation', 'ads', 'analytics', 'profiling', 'sale_share', 'service',
    ]) }}
{%- endmacro %}

{# Purposes that need a word of their own for every address: without one the jurisdiction decides. #}
{% macro outreach_purposes() -%} {{ return(['marketing', 'ads']) }} {%- endmacro %}

{# True for quiet hours as the preference says them: HH:MM-HH:MM, local time. #}
{% macro is_quiet_hours(value) -%}
    {{ matches(value, "'^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$'") }}
{%- endmacro %}
