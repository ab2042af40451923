-- Grain: one row per delivered row of contract experiment_exposures (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'experiment_exposures') }}

),

final as (

    select
        source,
        experiment_id,
        variant,
        record_id,
        exposed_at,
        _loaded_at as loaded_at,
        assigned_at,
        unit,
        probability,
        channel,
        content_id,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
