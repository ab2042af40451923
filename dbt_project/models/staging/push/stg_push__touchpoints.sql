-- Grain: one row per push event and version.
-- A push is opened by a tap of the person, unlike an e-mail: it counts as click.
with

events as (

    select * from {{ source('push', 'events') }}

),

final as (

    select
        'push' as source,
        id as touchpoint_id,
        id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'push' as channel,
        cast(null as string) as source_channel,
        case
            when event = 'sent' then 'send'
            when event = 'delivered' then 'delivery'
            when event = 'opened' then 'click'
            when event = 'failed' then 'bounce'
            else event
        end as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        'mobile' as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from events

)

select * from final
