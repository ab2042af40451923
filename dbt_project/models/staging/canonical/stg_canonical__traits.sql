-- Grain: one row per delivered row of contract traits (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'traits') }}

),

final as (

    select
        source,
        record_id,
        trait,
        value,
        updated_at,
        _loaded_at as loaded_at,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
