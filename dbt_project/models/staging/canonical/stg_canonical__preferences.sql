-- Grain: one row per delivered row of contract preferences (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'preferences') }}

),

final as (

    select
        source,
        record_id,
        occurred_at,
        _loaded_at as loaded_at,
        preference,
        value,
        is_explicit,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
