-- Grain: one row per experiment and month.
with

catalogue as (

    select * from {{ source('experiments', 'catalogue') }}

),

final as (

    select
        'experiments' as source,
        id as experiment_id,
        _loaded_at as loaded_at,
        name,
        hypothesis,
        primary_metric,
        owner,
        started_at,
        ended_at,
        arms,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from catalogue

)

select * from final
