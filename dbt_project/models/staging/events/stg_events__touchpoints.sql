-- Grain: one row per registration and attendance and version.
with

attendees as (

    select * from {{ source('events', 'attendees') }}

),

registered as (

    select
        'events' as source,
        concat(registration_id, ':register') as touchpoint_id,
        registration_id as record_id,
        registered_at as occurred_at,
        _loaded_at as loaded_at,
        'event' as channel,
        cast(null as string) as source_channel,
        'register' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        venue_id as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from attendees

),

attended as (

    select
        'events' as source,
        concat(registration_id, ':attend') as touchpoint_id,
        registration_id as record_id,
        checked_in_at as occurred_at,
        _loaded_at as loaded_at,
        'event' as channel,
        cast(null as string) as source_channel,
        'attend' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        venue_id as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from attendees
    where checked_in_at is not null

),

final as (

    select * from registered
    union all
    select * from attended

)

select * from final
