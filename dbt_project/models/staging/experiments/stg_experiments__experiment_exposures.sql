-- Grain: one row per exposed unit and experiment and version.
with

assignments as (

    select * from {{ source('experiments', 'assignments') }}

),

final as (

    select
        'experiments' as source,
        experiment_id,
        variant,
        assignment_id as record_id,
        exposed_at,
        _loaded_at as loaded_at,
        assigned_at,
        unit,
        probability,
        channel,
        content_id,
        _file_name,
        _row_number
    from assignments

)

select * from final
