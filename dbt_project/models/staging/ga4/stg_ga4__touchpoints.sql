-- Grain: one row per event that is a touch (seed ga4_events) and version.
-- What brought the visit is that of Google's session, on every touch of it: the export names it on
-- some events only, and its column traffic_source is what brought the person the first time, ever.
with

raw_events as (

    select * from {{ source('ga4', 'events') }}

),

event_names as (

    select * from {{ ref('ga4_events') }}

),

channel_rules as (

    select * from {{ ref('ga4_channel_rules') }}

),

source_categories as (

    select * from {{ ref('ga4_source_categories') }}

),

unwanted_referrals as (

    select * from {{ ref('ga4_unwanted_referrals') }}

),

session_traffic as (

    {{ ga4_session_traffic() }}

),

events as (

    {{ ga4_events(roles=['touch'], columns=[
        'user_pseudo_id', 'page_location', 'device_category', 'items', 'currency', 'value_amount',
        'param_content', 'analytics_storage'
    ]) }}

),

with_items as (

    -- an event that names several products, such as a list, names none as its own
    select
        *,
        case
            when {{ json_text('items', '$[1].item_id') }} is null
                then {{ ga4_text(json_text('items', '$[0].item_id'), hidden=true) }}
        end as product_id,
        case
            when {{ json_text('items', '$[1].item_id') }} is null
                then {{ json_text('items', '$[0].quantity') }}
        end as quantity
    from events

),

final as (

    select
        'ga4' as source,
        with_items.event_id as touchpoint_id,
        with_items.event_id as record_id,
        with_items.occurred_at,
        with_items._loaded_at as loaded_at,
        with_items.channel,
        coalesce(session_traffic.source_channel, 'unassigned') as source_channel,
        with_items.interaction,
        with_items.session_id as session_hint,
        session_traffic.utm_campaign as campaign_id,
        with_items.param_content as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        session_traffic.utm_source,
        session_traffic.utm_medium,
        session_traffic.utm_campaign,
        nullif({{ url_path('with_items.page_location') }}, '') as page_path,
        with_items.product_id,
        cast(null as string) as location_id,
        with_items.device_category,
        cast(null as string) as cart_id,
        cast(with_items.quantity as decimal(18, 4)) as quantity,
        with_items.value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        case with_items.analytics_storage when 'Yes' then 'granted' when 'No' then 'denied' end
            as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        with_items.currency,
        with_items._file_name,
        with_items._row_number
    from with_items
    left join session_traffic
        on
            with_items.session_id = session_traffic.session_id
            and with_items._file_name is not distinct from session_traffic._file_name

)

select * from final
