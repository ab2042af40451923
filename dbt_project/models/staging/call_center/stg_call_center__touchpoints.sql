-- Grain: one row per call and version.
with

calls as (

    select * from {{ source('call_center', 'calls') }}

),

final as (

    select
        'call_center' as source,
        call_id as touchpoint_id,
        call_id as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'call_center' as channel,
        cast(null as string) as source_channel,
        case
            when direction = 'IN' then 'inbound_call'
            when is_answered = 'Y' then 'outbound_call_answered'
            else 'outbound_call'
        end as interaction,
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
        site_no as location_id,
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
    from calls

)

select * from final
