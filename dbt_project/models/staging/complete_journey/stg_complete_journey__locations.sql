-- Grain: one row per store and month in which it sold.
with

transactions as (

    select * from {{ source('complete_journey', 'transactions') }}

),

stores as (

    select
        store_id,
        _loaded_at,
        _file_name,
        min(_row_number) as _row_number
    from transactions
    where store_id is not null
    group by store_id, _loaded_at, _file_name

),

final as (

    select
        'complete_journey' as source,
        store_id as location_id,
        _loaded_at as loaded_at,
        concat('Store ', store_id) as name,
        'store' as kind,
        cast(null as string) as city,
        'US' as country_code,
        'America/New_York' as timezone,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from stores

)

select * from final
