-- Grain: one row per piece of mail and stage (send, bounce) and version.
-- Only days are known: a piece is dated midnight UTC of its day.
with

mailings as (

    select * from {{ source('direct_mail', 'mailings') }}

),

posted as (

    select
        'direct_mail' as source,
        concat(piece_id, ':send') as touchpoint_id,
        piece_id as record_id,
        cast(drop_date as timestamp) as occurred_at,
        _loaded_at as loaded_at,
        'direct_mail' as channel,
        cast(null as string) as source_channel,
        'send' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        piece_id as message_id,
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
        piece_cost as cost_amount,
        currency,
        _file_name,
        _row_number
    from mailings

),

returned as (

    select
        'direct_mail' as source,
        concat(piece_id, ':bounce') as touchpoint_id,
        piece_id as record_id,
        cast(returned_on as timestamp) as occurred_at,
        _loaded_at as loaded_at,
        'direct_mail' as channel,
        cast(null as string) as source_channel,
        'bounce' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        offer_id,
        piece_id as message_id,
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
    from mailings
    where returned_on is not null

),

final as (

    select * from posted
    union all
    select * from returned

)

select * from final
