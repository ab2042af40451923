-- Grain: one row per kiosk session, and per product viewed in it, and version.
with

sessions as (

    select * from {{ source('kiosk', 'sessions') }}

),

used as (

    select
        'kiosk' as source,
        session_no as touchpoint_id,
        session_no as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'kiosk' as channel,
        cast(null as string) as source_channel,
        'kiosk_interact' as interaction,
        session_no as session_hint,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        store_no as location_id,
        'kiosk' as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from sessions

),

viewed_1 as (

    select
        'kiosk' as source,
        concat(session_no, ':sku_1') as touchpoint_id,
        session_no as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'kiosk' as channel,
        cast(null as string) as source_channel,
        'product_view' as interaction,
        session_no as session_hint,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        sku_1 as product_id,
        store_no as location_id,
        'kiosk' as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from sessions
    where sku_1 is not null

),

viewed_2 as (

    select
        'kiosk' as source,
        concat(session_no, ':sku_2') as touchpoint_id,
        session_no as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'kiosk' as channel,
        cast(null as string) as source_channel,
        'product_view' as interaction,
        session_no as session_hint,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        sku_2 as product_id,
        store_no as location_id,
        'kiosk' as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from sessions
    where sku_2 is not null

),

viewed_3 as (

    select
        'kiosk' as source,
        concat(session_no, ':sku_3') as touchpoint_id,
        session_no as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'kiosk' as channel,
        cast(null as string) as source_channel,
        'product_view' as interaction,
        session_no as session_hint,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        sku_3 as product_id,
        store_no as location_id,
        'kiosk' as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from sessions
    where sku_3 is not null

),

final as (

    select * from used
    union all
    select * from viewed_1
    union all
    select * from viewed_2
    union all
    select * from viewed_3

)

select * from final
