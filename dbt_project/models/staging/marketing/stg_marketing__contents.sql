-- Grain: one row per content and month.
with

contents as (

    select * from {{ source('marketing', 'contents') }}

),

final as (

    select
        'marketing' as source,
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
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from contents

)

select * from final
