-- Grain: one row per basket and product and version.
-- The data has no line numbers: the row number in the file serves, a basket lies in one file.
with

transactions as (

    select * from {{ source('complete_journey', 'transactions') }}

),

final as (

    select
        'complete_journey' as source,
        basket_id as order_id,
        _loaded_at as loaded_at,
        cast(_row_number as integer) as line_number,
        product_id,
        cast(null as string) as category,
        quantity,
        sales_value as line_amount,
        cast(
            coalesce(retail_disc, 0) + coalesce(coupon_disc, 0) + coalesce(coupon_match_disc, 0)
            as decimal(18, 4)
        ) as discount_amount,
        _file_name,
        _row_number
    from transactions

)

select * from final
