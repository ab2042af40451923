-- Grain: one row per basket and version.
-- sales_value is what the retailer receives: it is the revenue, discounts stand beside it.
with

transactions as (

    select * from {{ source('complete_journey', 'transactions') }}

),

baskets as (

    select
        basket_id,
        household_id,
        store_id,
        min(transacted_at) as transacted_at,
        sum(sales_value) as sales_value,
        sum(
            coalesce(retail_disc, 0) + coalesce(coupon_disc, 0) + coalesce(coupon_match_disc, 0)
        ) as discount,
        _loaded_at,
        _file_name,
        min(_row_number) as _row_number
    from transactions
    group by basket_id, household_id, store_id, _loaded_at, _file_name

),

final as (

    select
        'complete_journey' as source,
        basket_id as order_id,
        concat('basket:', basket_id) as record_id,
        transacted_at as ordered_at,
        _loaded_at as loaded_at,
        'store' as channel,
        store_id as location_id,
        'completed' as status,
        cast(sales_value as decimal(18, 4)) as revenue_amount,
        cast(null as string) as related_order_id,
        'in_store' as fulfilment_method,
        transacted_at as fulfilled_at,
        cast(discount as decimal(18, 4)) as discount_amount,
        cast(null as decimal(18, 4)) as margin_amount,
        'USD' as currency,
        cast(null as string) as offer_id,
        cast(null as string) as coupon_code,
        _file_name,
        _row_number
    from baskets

)

select * from final
