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

{# A CTE body: the addresses that a person granted for a channel and purpose and that are not suppressed
   there. #}
{% macro usable_addresses(channel, purpose) -%}
    select
        consents.identifier_key,
        consents.person_id
    from {{ ref('consent_by_identifier') }} as consents
    left join (
        select distinct identifier_key
        from {{ ref('suppressions') }}
        where channel in ('{{ channel }}', 'all')
    ) as suppressions
        on consents.identifier_key = suppressions.identifier_key
    where
        consents.purpose = '{{ purpose }}'
        and consents.channel = '{{ channel }}'
        and consents.status = 'granted'
        and suppressions.identifier_key is null
{%- endmacro %}
