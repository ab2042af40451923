-- Grain: one row per value of a preference that was set, and version.
with

preferences as (

    select * from {{ source('preference_center', 'preferences') }}

),

final as (

    select
        'preference_center' as source,
        concat('preference:', id) as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        preference,
        value,
        true as is_explicit,
        _file_name,
        _row_number
    from preferences

)

select * from final
