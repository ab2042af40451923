-- Grain: one row per delivered row of contract consents (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'consents') }}

),

final as (

    select
        source,
        record_id,
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
    from raw_rows

)

select * from final
