-- Grain: one row per delivered row of contract contents (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'contents') }}

),

final as (

    select
        source,
        content_id,
        _loaded_at as loaded_at,
        version,
        name,
        parent_content_id,
        channel,
        language_code,
        market,
        status,
        core_message_id,
        offer_id,
        valid_from,
        valid_to,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
