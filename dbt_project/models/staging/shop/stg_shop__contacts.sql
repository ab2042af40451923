-- Grain: one row per order with a delivery address and version.
with

orders as (

    select * from {{ source('shop', 'orders') }}

),

final as (

    select
        'shop' as source,
        id as record_id,
        created_at as updated_at,
        _loaded_at as loaded_at,
        first_name,
        last_name,
        cast(null as date) as birth_date,
        cast(null as string) as gender,
        street,
        postal_code,
        city,
        country_code,
        cast(null as string) as language_code,
        cast(null as string) as timezone,
        cast(null as string) as loyalty_tier,
        cast(null as string) as acquisition_channel,
        cast(null as string) as referred_by_record_id,
        _file_name,
        _row_number
    from orders
    where last_name is not null or postal_code is not null

)

select * from final
