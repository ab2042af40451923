-- Grain: one row per order, or refund of an order, and version.
with

orders as (

    select * from {{ source('shop', 'orders') }}

),

refunds as (

    select * from {{ source('shop', 'refunds') }}

),

placed as (

    select
        'shop' as source,
        id as order_id,
        id as record_id,
        created_at as ordered_at,
        _loaded_at as loaded_at,
        case
            when source_name = 'phone' then 'call_center'
            else source_name
        end as channel,
        fulfilment_location_id as location_id,
        case when financial_status = 'voided' then 'cancelled' else 'completed' end as status,
        current_subtotal_price as revenue_amount,
        cast(null as string) as related_order_id,
        fulfilment_method,
        fulfilled_at,
        total_discounts as discount_amount,
        cast(current_subtotal_price - total_cost as decimal(18, 4)) as margin_amount,
        currency,
        {{ json_text('discount_codes', '$[0].offer_id') }} as offer_id,
        {{ json_text('discount_codes', '$[0].code') }} as coupon_code,
        _file_name,
        _row_number
    from orders

),

refunded as (

    select
        'shop' as source,
        concat('refund:', refund_id) as order_id,
        concat('refund:', refund_id) as record_id,
        refunded_at as ordered_at,
        _loaded_at as loaded_at,
        case
            when source_name = 'phone' then 'call_center'
            else coalesce(source_name, 'web')
        end as channel,
        cast(null as string) as location_id,
        'refunded' as status,
        cast(-amount as decimal(18, 4)) as revenue_amount,
        order_id as related_order_id,
        cast(null as string) as fulfilment_method,
        cast(null as timestamp) as fulfilled_at,
        cast(null as decimal(18, 4)) as discount_amount,
        cast(null as decimal(18, 4)) as margin_amount,
        currency,
        cast(null as string) as offer_id,
        cast(null as string) as coupon_code,
        _file_name,
        _row_number
    from refunds

),

final as (

    select * from placed
    union all
    select * from refunded

)

select * from final
