-- Grain: one row per delivered row of contract locations (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'locations') }}

),

final as (

    select
        source,
        location_id,
        _loaded_at as loaded_at,
        name,
        kind,
        city,
        country_code,
        timezone,
        valid_from,
        valid_to,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
