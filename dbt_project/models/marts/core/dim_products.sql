-- Grain: one row per product, in the version that stands at as_of.
with

products as (

    {{ current_catalogue('products', 'product_id') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

settings as (

    select * from {{ source('ops', 'settings') }}

),

final as (

    select
        products.product_id,
        products.source,
        products.name,
        products.brand,
        products.category,
        products.subcategory,
        cast(products.price_amount * rates.rate as decimal(18, 4)) as price_amount,
        settings.currency,
        products.margin_rate,
        products.valid_from,
        products.valid_to,
        products.loaded_at
    from products
    cross join settings
    left join rates
        on products.currency = rates.from_currency
            and products.loaded_at >= rates.valid_from
            and products.loaded_at < rates.valid_before

)

select * from final
