-- Grain: one row per consent event and version.
with

events as (

    select * from {{ source('consent', 'events') }}

),

final as (

    select
        'consent' as source,
        id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        channel,
        purpose,
        status,
        jurisdiction,
        legal_basis,
        text_version,
        proof,
        _file_name,
        _row_number
    from events

)

select * from final
