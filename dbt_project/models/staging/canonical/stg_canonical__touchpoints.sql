-- Grain: one row per delivered row of contract touchpoints (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'touchpoints') }}

),

final as (

    select
        source,
        touchpoint_id,
        record_id,
        occurred_at,
        _loaded_at as loaded_at,
        channel,
        source_channel,
        interaction,
        session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_id,
        utm_source,
        utm_medium,
        utm_campaign,
        page_path,
        product_id,
        location_id,
        device_category,
        cart_id,
        quantity,
        value_amount,
        event_id,
        referral_code,
        decision_id,
        is_automated,
        consent_state,
        cost_amount,
        currency,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
