-- Grain: one row per place and month.
with

stores as (

    select * from {{ source('pos', 'stores') }}

),

final as (

    select
        'pos' as source,
        store_no as location_id,
        _loaded_at as loaded_at,
        name,
        kind,
        city,
        country_code,
        timezone,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from stores

)

select * from final
