{# What staging models of several sources share: long forms, and the reading of tracking values. #}

{# Rows of contract identifiers: one select per identifier column of a relation. `identifiers` is a
   list of {type, value, authenticated}: a type, an SQL expression, an SQL condition (default
   false: typed or inferred, nobody proved it). `type_column` stands for `type` where the row
   itself says the type. `relation` is best the source itself: of a CTE that several selects read,
   DuckDB keeps all rows first, and each select then goes through all of them. #}
{% macro identifier_rows(source, relation, record_id, observed_at, identifiers) -%}
    {%- for identifier in identifiers -%}
    {%- if not loop.first %}
    union all
    {% endif -%}
    select
        '{{ source }}' as source,
        {{ record_id }} as record_id,
        {{ identifier.type_column or "'" ~ identifier.type ~ "'" }} as identifier_type,
        {{ identifier.value }} as identifier_value,
        {{ observed_at }} as observed_at,
        _loaded_at as loaded_at,
        coalesce({{ identifier.authenticated or 'false' }}, false) as is_authenticated,
        _file_name,
        _row_number
    from {{ relation }}
    where trim({{ identifier.value }}) <> ''
    {%- endfor -%}
{%- endmacro %}

{# Rows of contract traits: one select per column that is a trait of the same name. #}
{% macro trait_rows(source, relation, record_id, updated_at, traits) -%}
    {%- for trait in traits -%}
    {%- if not loop.first %}
    union all
    {% endif -%}
    select
        '{{ source }}' as source,
        {{ record_id }} as record_id,
        '{{ trait }}' as trait,
        cast({{ trait }} as {{ string_type() }}) as value,
        {{ updated_at }} as updated_at,
        _loaded_at as loaded_at,
        _file_name,
        _row_number
    from {{ relation }}
    where nullif(trim(cast({{ trait }} as {{ string_type() }})), '') is not null
    {%- endfor -%}
{%- endmacro %}

{# What brought a visit, from the tags of its link, a click id, or the page before it. A tag that
   the list does not know is kept as it is; nothing at all means direct, where a referrer would have
   shown. Arguments are SQL expressions; a tracker without click ids or referrers leaves them out. #}
{% macro source_channel(medium, utm_source, click_id='null', referrer='null') -%}
    {%- set tags = {
        'paid_search': ['cpc', 'ppc', 'paid', 'paid_search', 'sem'],
        'paid_social': ['paid_social', 'paidsocial', 'paid-social'],
        'display': ['display', 'cpm', 'banner', 'retargeting'],
        'email': ['email', 'e-mail', 'newsletter'],
        'organic_social': ['social', 'organic_social', 'organic-social'],
        'organic_search': ['organic', 'organic_search'],
        'direct_mail': ['direct_mail', 'mailing', 'flyer', 'qr'],
        'referral': ['referral', 'refer_a_friend'],
    } -%}
    {%- set networks = "'facebook|instagram|meta|tiktok|pinterest|linkedin|snapchat|youtube'" -%}
    {%- set search_sites = "'google[.]|bing[.]|duckduckgo[.]|ecosia[.]|yahoo[.]|qwant[.]'" -%}
    {%- set social_sites =
        "'facebook[.]|instagram[.]|tiktok[.]|pinterest[.]|linkedin[.]|youtube[.]|/t[.]co'" -%}
    {%- set lowered_source = 'lower(coalesce(' ~ utm_source ~ ", ''))" -%}
    {%- set lowered_referrer = 'lower(coalesce(' ~ referrer ~ ", ''))" -%}
    case
            when lower({{ medium }}) in ('cpc', 'ppc', 'paid', 'cpm')
                and {{ matches(lowered_source, networks) }} then 'paid_social'
            {%- for channel, mediums in tags.items() %}
            when lower({{ medium }}) in ('{{ mediums | join("', '") }}') then '{{ channel }}'
            {%- endfor %}
            when nullif(trim({{ medium }}), '') is not null then lower(trim({{ medium }}))
            {%- if click_id != 'null' %}
            when {{ click_id }} is not null then 'paid_search'
            {%- endif %}
            {%- if referrer == 'null' %}
            else null
            {%- else %}
            when {{ matches(lowered_referrer, search_sites) }} then 'organic_search'
            when {{ matches(lowered_referrer, social_sites) }} then 'organic_social'
            when nullif(trim({{ referrer }}), '') is not null then 'referral'
            else 'direct'
            {%- endif %}
        end
{%- endmacro %}

{# True where a browser names itself as a crawler, monitor or script. #}
{% macro is_robot(user_agent) -%}
    {{ matches("lower(coalesce(" ~ user_agent ~ ", ''))",
        "'bot|crawl|spider|slurp|headless|preview|monitor|python-requests|curl/'") }}
{%- endmacro %}
