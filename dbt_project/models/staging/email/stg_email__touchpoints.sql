-- Grain: one row per e-mail event and version.
-- Opens by mail-privacy proxies and clicks by link scanners are kept and marked as automated.
with

events as (

    select * from {{ source('email', 'events') }}

),

final as (

    select
        'email' as source,
        sg_event_id as touchpoint_id,
        sg_event_id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'email' as channel,
        cast(null as string) as source_channel,
        case
            when event = 'processed' then 'send'
            when event = 'delivered' then 'delivery'
            when event = 'dropped' then 'bounce'
            when event = 'group_unsubscribe' then 'unsubscribe'
            when event = 'spamreport' then 'complaint'
            else event
        end as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        sg_message_id as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        url as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        decision_id,
        coalesce(event = 'open' and is_machine_open, false)
        or coalesce(event = 'click' and is_bot_click, false) as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from events
    where event <> 'group_resubscribe'

)

select * from final
