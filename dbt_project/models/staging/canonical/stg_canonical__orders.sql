-- Grain: one row per delivered row of contract orders (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'orders') }}

),

final as (

    select
        source,
        order_id,
        record_id,
        ordered_at,
        _loaded_at as loaded_at,
        channel,
        location_id,
        status,
        revenue_amount,
        related_order_id,
        fulfilment_method,
        fulfilled_at,
        discount_amount,
        margin_amount,
        currency,
        offer_id,
        coupon_code,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
