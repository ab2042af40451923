-- Grain: one row per response and version.
with

responses as (

    select * from {{ source('surveys', 'responses') }}

),

final as (

    select
        'surveys' as source,
        response_id as touchpoint_id,
        response_id as record_id,
        submitted_at as occurred_at,
        _loaded_at as loaded_at,
        collector as channel,
        cast(null as string) as source_channel,
        'survey_response' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
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
    from responses

)

select * from final
