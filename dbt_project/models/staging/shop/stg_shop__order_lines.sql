-- Grain: one row per order line and version.
with

orders as (

    select * from {{ source('shop', 'orders') }}

),

lines as (

    {{ unnest_json(
        'orders', 'line_items', ['id', '_loaded_at', '_file_name', '_row_number']
    ) }}

),

parsed as (

    select
        id,
        element_number,
        {{ json_text('element', '$.line') }} as line,
        {{ json_text('element', '$.product_id') }} as product_id,
        {{ json_text('element', '$.product_type') }} as category,
        cast({{ json_text('element', '$.quantity') }} as decimal(18, 4)) as quantity,
        cast({{ json_text('element', '$.price') }} as decimal(18, 4)) as price,
        cast({{ json_text('element', '$.total_discount') }} as decimal(18, 4)) as total_discount,
        _loaded_at,
        _file_name,
        _row_number
    from lines

),

final as (

    select
        'shop' as source,
        id as order_id,
        _loaded_at as loaded_at,
        coalesce(cast(line as integer), element_number) as line_number,
        product_id,
        category,
        quantity,
        cast(price * quantity - coalesce(total_discount, 0) as decimal(18, 4)) as line_amount,
        total_discount as discount_amount,
        _file_name,
        _row_number
    from parsed

)

select * from final
