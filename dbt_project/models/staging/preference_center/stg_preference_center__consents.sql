-- Grain: one row per word about a channel and purpose, and version.
with

consent_events as (

    select * from {{ source('preference_center', 'consent_events') }}

),

final as (

    select
        'preference_center' as source,
        id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        channel,
        purpose,
        status,
        cast(null as {{ string_type() }}) as jurisdiction,
        'consent' as legal_basis,
        text_version,
        concat('signed link, ', method) as proof,
        _file_name,
        _row_number
    from consent_events

)

select * from final
