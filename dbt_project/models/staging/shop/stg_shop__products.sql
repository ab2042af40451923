-- Grain: one row per product and month.
with

products as (

    select * from {{ source('shop', 'products') }}

),

final as (

    select
        'shop' as source,
        sku as product_id,
        _loaded_at as loaded_at,
        name,
        brand,
        category,
        subcategory,
        price_amount,
        currency,
        cast(
            case when price_amount > 0 then (price_amount - cost_amount) / price_amount end
            as decimal(18, 4)
        ) as margin_rate,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from products

)

select * from final
