-- Grain: one row per item of an order, and version.
-- An item without id and name says nothing: it is no line.
with

raw_events as (

    select * from {{ source('ga4', 'events') }}

),

event_names as (

    select * from {{ ref('ga4_events') }}

),

events as (

    {{ ga4_orders() }}

),

purchases as (

    select * from events
    where role = 'order' and repetition = 1

),

lines as (

    {{ unnest_json(
        'purchases', 'items', ['order_id', '_loaded_at', '_file_name', '_row_number']
    ) }}

),

parsed as (

    select
        order_id,
        element_number,
        coalesce(
            {{ ga4_text(json_text('element', '$.item_id'), hidden=true) }},
            {{ ga4_text(json_text('element', '$.item_name'), hidden=true) }}
        ) as product_id,
        {{ ga4_text(json_text('element', '$.item_category'), hidden=true) }} as category,
        coalesce(cast({{ json_text('element', '$.quantity') }} as decimal(18, 4)), 1) as quantity,
        cast({{ json_text('element', '$.price') }} as decimal(18, 4)) as price,
        cast({{ json_text('element', '$.item_revenue') }} as decimal(18, 4)) as item_revenue,
        _loaded_at,
        _file_name,
        _row_number
    from lines

),

final as (

    select
        'ga4' as source,
        order_id,
        _loaded_at as loaded_at,
        element_number as line_number,
        product_id,
        category,
        quantity,
        cast(coalesce(item_revenue, price * quantity, 0) as decimal(18, 4)) as line_amount,
        cast(null as decimal(18, 4)) as discount_amount,
        _file_name,
        _row_number
    from parsed
    where product_id is not null

)

select * from final
