-- Grain: one row per receipt and version.
with

receipts as (

    select * from {{ source('pos', 'receipts') }}

),

final as (

    select
        'pos' as source,
        receipt_no as order_id,
        receipt_no as record_id,
        sold_at as ordered_at,
        _loaded_at as loaded_at,
        'store' as channel,
        store_no as location_id,
        case
            when transaction_type = 'RETURN' then 'refunded'
            when transaction_type = 'VOID' then 'cancelled'
            else 'completed'
        end as status,
        net_amount as revenue_amount,
        original_receipt_no as related_order_id,
        'in_store' as fulfilment_method,
        sold_at as fulfilled_at,
        discount_amount,
        cast(net_amount - cost_amount as decimal(18, 4)) as margin_amount,
        currency,
        offer_no as offer_id,
        coupon_code,
        _file_name,
        _row_number
    from receipts

)

select * from final
