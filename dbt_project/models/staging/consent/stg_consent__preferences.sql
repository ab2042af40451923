-- Grain: one row per change of a preference and version.
with

preferences as (

    select * from {{ source('consent', 'preferences') }}

),

final as (

    select
        'consent' as source,
        concat('preference:', change_id) as record_id,
        changed_at as occurred_at,
        _loaded_at as loaded_at,
        preference,
        value,
        is_explicit,
        _file_name,
        _row_number
    from preferences

)

select * from final
