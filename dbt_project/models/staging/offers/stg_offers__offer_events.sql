-- Grain: one row per event in the life of a grant and version.
with

grants as (

    select * from {{ source('offers', 'grants') }}

),

final as (

    select
        'offers' as source,
        grant_event_id as offer_event_id,
        grant_event_id as record_id,
        event_at as occurred_at,
        _loaded_at as loaded_at,
        offer_id,
        event,
        grant_id,
        coupon_code,
        tier,
        cast(null as decimal(18, 4)) as points_delta,
        reason,
        channel,
        order_no as order_id,
        value_amount,
        currency,
        _file_name,
        _row_number
    from grants

)

select * from final
