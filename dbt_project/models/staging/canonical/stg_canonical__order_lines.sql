-- Grain: one row per delivered row of contract order_lines (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'order_lines') }}

),

final as (

    select
        source,
        order_id,
        _loaded_at as loaded_at,
        line_number,
        product_id,
        category,
        quantity,
        line_amount,
        discount_amount,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
