-- Grain: one row per delivered row of contract products (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'products') }}

),

final as (

    select
        source,
        product_id,
        _loaded_at as loaded_at,
        name,
        brand,
        category,
        subcategory,
        price_amount,
        currency,
        margin_rate,
        valid_from,
        valid_to,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
