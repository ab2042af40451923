-- Grain: one row per receipt line and version.
with

receipt_lines as (

    select * from {{ source('pos', 'receipt_lines') }}

),

final as (

    select
        'pos' as source,
        receipt_no as order_id,
        _loaded_at as loaded_at,
        line_no as line_number,
        sku as product_id,
        category,
        quantity,
        line_net as line_amount,
        line_discount as discount_amount,
        _file_name,
        _row_number
    from receipt_lines

)

select * from final
