-- Grain: one row per delivered row of contract offer_events (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'offer_events') }}

),

final as (

    select
        source,
        offer_event_id,
        record_id,
        occurred_at,
        _loaded_at as loaded_at,
        offer_id,
        event,
        grant_id,
        coupon_code,
        tier,
        points_delta,
        reason,
        channel,
        order_id,
        value_amount,
        currency,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
