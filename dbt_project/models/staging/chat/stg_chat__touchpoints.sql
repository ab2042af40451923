-- Grain: one row per conversation and version.
with

conversations as (

    select * from {{ source('chat', 'conversations') }}

),

final as (

    select
        'chat' as source,
        id as touchpoint_id,
        id as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        case when inbox = 'web_widget' then 'chat' else 'messenger' end as channel,
        cast(null as string) as source_channel,
        'chat_message' as interaction,
        id as session_hint,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(message_count as decimal(18, 4)) as quantity,
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
    from conversations

)

select * from final
