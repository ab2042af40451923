-- Grain: one row per message and stage (send, delivery, click, reply) and version.
with

messages as (

    select * from {{ source('sms', 'messages') }}

),

sent as (

    select
        'sms' as source,
        concat(message_sid, ':send') as touchpoint_id,
        message_sid as record_id,
        sent_at as occurred_at,
        _loaded_at as loaded_at,
        'sms' as channel,
        cast(null as string) as source_channel,
        'send' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_sid as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        price_amount as cost_amount,
        currency,
        _file_name,
        _row_number
    from messages
    where direction <> 'inbound'

),

delivered as (

    select
        'sms' as source,
        concat(message_sid, ':delivery') as touchpoint_id,
        message_sid as record_id,
        sent_at as occurred_at,
        _loaded_at as loaded_at,
        'sms' as channel,
        cast(null as string) as source_channel,
        case when status = 'delivered' then 'delivery' else 'bounce' end as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_sid as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
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
    from messages
    where direction <> 'inbound'
        and status in ('delivered', 'undelivered', 'failed')

),

clicked as (

    select
        'sms' as source,
        concat(message_sid, ':click') as touchpoint_id,
        message_sid as record_id,
        clicked_at as occurred_at,
        _loaded_at as loaded_at,
        'sms' as channel,
        cast(null as string) as source_channel,
        'click' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_sid as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
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
    from messages
    where direction <> 'inbound' and clicked_at is not null

),

received as (

    select
        'sms' as source,
        concat(message_sid, ':reply') as touchpoint_id,
        message_sid as record_id,
        sent_at as occurred_at,
        _loaded_at as loaded_at,
        'sms' as channel,
        cast(null as string) as source_channel,
        case when opt_out_type = 'STOP' then 'unsubscribe' else 'reply' end as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_sid as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
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
    from messages
    where direction = 'inbound'

),

final as (

    select * from sent
    union all
    select * from delivered
    union all
    select * from clicked
    union all
    select * from received

)

select * from final
