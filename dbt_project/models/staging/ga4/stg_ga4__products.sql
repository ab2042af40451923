-- Grain: one row per product and day on which an event named it.
-- GA4 has no catalogue: what it knows of a product is what its events say, the last one of a day.
-- An export of the whole catalogue beside it is better.
with

raw_events as (

    select * from {{ source('ga4', 'events') }}

),

naming as (

    select * from raw_events
    where event_name in ('view_item', 'add_to_cart', 'purchase')

),

items as (

    {{ unnest_json(
        'naming', 'items',
        ['event_timestamp', 'currency', '_loaded_at', '_file_name', '_row_number']
    ) }}

),

parsed as (

    select
        {{ ga4_text(json_text('element', '$.item_id'), hidden=true) }} as product_id,
        {{ ga4_text(json_text('element', '$.item_name'), hidden=true) }} as name,
        {{ ga4_text(json_text('element', '$.item_brand'), hidden=true) }} as brand,
        {{ ga4_text(json_text('element', '$.item_category'), hidden=true) }} as category,
        {{ ga4_text(json_text('element', '$.item_category2'), hidden=true) }} as subcategory,
        cast({{ json_text('element', '$.price') }} as decimal(18, 4)) as price_amount,
        currency,
        row_number() over (
            partition by
                _file_name, _loaded_at, {{ json_text('element', '$.item_id') }}
            order by event_timestamp desc, _row_number desc, element_number desc
        ) as place,
        _loaded_at,
        _file_name,
        _row_number
    from items

),

final as (

    select
        'ga4' as source,
        product_id,
        _loaded_at as loaded_at,
        name,
        brand,
        category,
        subcategory,
        price_amount,
        currency,
        cast(null as decimal(18, 4)) as margin_rate,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from parsed
    where
        place = 1
        and product_id is not null

)

select * from final
