-- Grain: one row per delivered row of contract placements (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'placements') }}

),

final as (

    select
        source,
        product_id,
        location_id,
        valid_from,
        valid_to,
        _loaded_at as loaded_at,
        placement,
        detail,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
