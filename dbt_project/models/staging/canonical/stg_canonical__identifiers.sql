-- Grain: one row per delivered row of contract identifiers (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'identifiers') }}

),

final as (

    select
        source,
        record_id,
        identifier_type,
        identifier_value,
        observed_at,
        _loaded_at as loaded_at,
        coalesce(is_authenticated, false) as is_authenticated,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
