-- Grain: one row per product and version.
with

products as (

    select * from {{ source('complete_journey', 'products') }}

),

final as (

    select
        'complete_journey' as source,
        product_id,
        _loaded_at as loaded_at,
        nullif(
            trim(concat(coalesce(product_type, ''), ' ', coalesce(package_size, ''))), ''
        ) as name,
        brand,
        product_category as category,
        product_type as subcategory,
        cast(null as decimal(18, 4)) as price_amount,
        'USD' as currency,
        cast(null as decimal(18, 4)) as margin_rate,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from products

)

select * from final
