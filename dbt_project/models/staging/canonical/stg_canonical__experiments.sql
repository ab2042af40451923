-- Grain: one row per delivered row of contract experiments (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'experiments') }}

),

final as (

    select
        source,
        experiment_id,
        _loaded_at as loaded_at,
        name,
        hypothesis,
        primary_metric,
        owner,
        started_at,
        ended_at,
        arms,
        valid_from,
        valid_to,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
