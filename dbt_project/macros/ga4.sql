{# A GA4 export: what its staging models share. #}

{# CTE body: events with a role (touch, order, refund), of names that the seed ga4_events lists, under
   an id of their own. The export has none: of events with one user, time, name and upload, which
   differ in their parameters, the first in the file is number 1. Reads the CTEs raw_events and
   event_names. #}
{% macro ga4_events(roles, columns) -%}
    select
        concat_ws(
            ':', coalesce(raw_events.user_pseudo_id, '-'),
            cast(raw_events.event_timestamp as {{ string_type() }}), raw_events.event_name,
            cast(raw_events.event_bundle_sequence_id as {{ string_type() }}),
            cast(row_number() over (
                partition by raw_events._file_name, raw_events.user_pseudo_id,
                    raw_events.event_timestamp, raw_events.event_name,
                    raw_events.event_bundle_sequence_id
                order by raw_events.batch_page_id, raw_events.batch_ordering_id,
                    raw_events.batch_event_index, raw_events._row_number,
                    raw_events.page_location, raw_events.items
            ) as {{ string_type() }})
        ) as event_id,
        event_names.role,
        event_names.interaction,
        case when raw_events.platform in ('IOS', 'ANDROID') then 'app' else 'web' end as channel,
        {{ ga4_session('raw_events') }} as session_id,
        {%- for column in columns %}
        raw_events.{{ column }},
        {%- endfor %}
        raw_events.event_timestamp,
        raw_events.occurred_at,
        raw_events._loaded_at,
        raw_events._file_name,
        raw_events._row_number
    from raw_events
    inner join event_names on raw_events.event_name = event_names.event_name
    where event_names.role in ('{{ roles | join("', '") }}')
{%- endmacro %}

{# Google's own session: its number is unique within a user only. Null where one of the two is, so no
   concat, which is not null on every engine. #}
{% macro ga4_session(relation) -%}
    ({{ relation }}.user_pseudo_id || '.'
        || cast({{ relation }}.ga_session_id as {{ string_type() }}))
{%- endmacro %}

{# A text of the export, null where it stands for nothing. What was hidden, <Other> and (data
   deleted), is something: who looks for a campaign or a product asks for it with hidden=true. #}
{% macro ga4_text(expression, hidden=false) -%}
    case when lower(trim({{ expression }})) not in (
        '', '(not set)', 'null', 'undefined'
        {{- ", '<other>', '(data deleted)', '<obfuscated>', '(direct)', '(organic)', '(referral)', '(none)'"
            if hidden }}
    ) then trim({{ expression }}) end
{%- endmacro %}

{# The id of the order that a purchase event belongs to. Without a transaction id the purchases of
   one session cannot be told apart: they are one order, of that session. #}
{% macro ga4_order_id() -%}
    coalesce(
        {{ ga4_text('transaction_id') }}, '(not set):' || session_id,
        '(no session):' || event_id
    )
{%- endmacro %}

{# Of an address: the host in lower case, without www and a dot at its end; the path. Empty where it
   is no address. #}
{% macro url_host(url) -%}
    regexp_extract(lower({{ url }}), '^[a-z]+://(www[.])?([^/?#:]*[^/?#:.])', 2)
{%- endmacro %}
{% macro url_path(url) -%} regexp_extract({{ url }}, '^[A-Za-z]+://[^/?#]*(/[^?#]*)', 1) {%- endmacro %}

{# True where one host is the other, or lies below it. #}
{% macro is_same_site(host, other) -%}
    ({{ host }} = {{ other }}
        or right({{ host }}, length({{ other }}) + 1) = concat('.', {{ other }})
        or right({{ other }}, length({{ host }}) + 1) = concat('.', {{ host }}))
{%- endmacro %}

{# True where all conditions of a channel rule hold; the texts are in lower case and never null. #}
{% macro ga4_rule_holds(rules, traffic, categories) -%}
    ({{ rules }}.source_category is null or {{ rules }}.source_category = {{ categories }}.source_category)
    {%- for name in ['source', 'medium', 'campaign'] %}
    and ({{ rules }}.{{ name }}_pattern is null
        or {{ matches('lower(' ~ traffic ~ '.utm_' ~ name ~ ')', rules ~ '.' ~ name ~ '_pattern') }})
    {%- endfor %}
{%- endmacro %}

{# CTE body: one row per file and session of Google's, with what brought it: of what its events say the
   first that is no return from the shop's own pages or from paying and not direct, else direct. A
   session that began in another file, and of which this one says nothing, is unassigned.
   Reads the CTEs raw_events, channel_rules, source_categories and unwanted_referrals. #}
{% macro ga4_session_traffic() -%}
    with

    named as (

        -- the session's source where the export has it (since 2024), else this event's; a click id
        -- of Google Ads goes before tags
        select
            _file_name,
            {{ ga4_session('raw_events') }} as session_id,
            event_timestamp,
            {{ url_host('page_location') }} as page_host,
            case when event_name in ('session_start', 'first_visit', 'first_open')
                or coalesce(is_entrance, 0) = 1 then 1 else 0 end as is_start,
            case
                when session_source is not null then session_source
                when coalesce(collected_gclid, gclid) is not null then 'google'
                else coalesce(collected_source, param_source)
            end as utm_source,
            case
                when session_source is not null then session_medium
                when coalesce(collected_gclid, gclid) is not null then 'cpc'
                else coalesce(collected_medium, param_medium)
            end as utm_medium,
            coalesce(session_campaign, collected_campaign, param_campaign) as utm_campaign
        from raw_events
        where user_pseudo_id is not null and ga_session_id is not null

    ),

    said as (

        select
            _file_name,
            session_id,
            event_timestamp,
            page_host,
            coalesce(utm_source, '(not set)') as utm_source,
            coalesce(utm_medium, '(not set)') as utm_medium,
            coalesce(utm_campaign, '(not set)') as utm_campaign
        from named
        where utm_source is not null or utm_medium is not null

    ),

    traffic as (

        select distinct utm_source, utm_medium, utm_campaign from said

    ),

    matching as (

        select
            traffic.utm_source,
            traffic.utm_medium,
            traffic.utm_campaign,
            min(channel_rules.rule_number) as rule_number
        from traffic
        left join source_categories
            on lower(traffic.utm_source) = source_categories.source
        left join channel_rules
            on {{ ga4_rule_holds('channel_rules', 'traffic', 'source_categories') }}
        group by traffic.utm_source, traffic.utm_medium, traffic.utm_campaign

    ),

    channels as (

        select
            matching.*,
            coalesce(channel_rules.source_channel, 'unassigned') as source_channel
        from matching
        left join channel_rules
            on matching.rule_number = channel_rules.rule_number

    ),

    hosts as (

        select distinct
            page_host,
            utm_source,
            regexp_replace(lower(utm_source), '^www[.]', '') as referrer
        from said

    ),

    returning_hosts as (

        select
            hosts.page_host,
            hosts.utm_source
        from hosts
        left join unwanted_referrals
            on {{ is_same_site('hosts.referrer', 'unwanted_referrals.domain') }}
        where unwanted_referrals.domain is not null
            or ({{ is_same_site('hosts.referrer', 'hosts.page_host') }} and hosts.page_host <> '')
        group by hosts.page_host, hosts.utm_source

    ),

    placed as (

        select
            said.*,
            channels.source_channel,
            row_number() over (
                partition by said._file_name, said.session_id
                order by
                    case when channels.source_channel = 'direct' then 2 else 1 end,
                    said.event_timestamp, said.utm_source, said.utm_medium, said.utm_campaign
            ) as place
        from said
        inner join channels
            on said.utm_source = channels.utm_source
            and said.utm_medium = channels.utm_medium
            and said.utm_campaign = channels.utm_campaign
        left join returning_hosts
            on said.page_host = returning_hosts.page_host
            and said.utm_source = returning_hosts.utm_source
        where returning_hosts.utm_source is null

    ),

    sessions as (

        select
            _file_name,
            session_id,
            max(is_start) as is_start
        from named
        group by _file_name, session_id

    )

    select
        sessions._file_name,
        sessions.session_id,
        coalesce(
            placed.source_channel,
            case when sessions.is_start = 1 then 'direct' else 'unassigned' end
        ) as source_channel,
        {{ ga4_text('placed.utm_source') }} as utm_source,
        {{ ga4_text('placed.utm_medium') }} as utm_medium,
        {{ ga4_text('placed.utm_campaign', hidden=true) }} as utm_campaign
    from sessions
    left join placed
        on sessions.session_id = placed.session_id
        and sessions._file_name is not distinct from placed._file_name
        and placed.place = 1
{%- endmacro %}

{# CTE body: purchases and refunds with the order that they belong to, and whether a purchase repeats
   an earlier one of its file. Reads the CTEs raw_events and event_names. #}
{% macro ga4_orders() -%}
    select
        orders.*,
        row_number() over (
            partition by role, _file_name, order_id order by event_timestamp, event_id
        ) as repetition
    from (
        select
            events.*,
            {{ ga4_order_id() }} as order_id
        from (
            {{ ga4_events(roles=['order', 'refund'], columns=[
                'user_pseudo_id', 'ga_session_id', 'transaction_id', 'purchase_revenue',
                'refund_value', 'currency', 'coupon', 'items',
            ]) }}
        ) as events
    ) as orders
{%- endmacro %}
