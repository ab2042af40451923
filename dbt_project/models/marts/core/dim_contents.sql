-- Grain: one row per content, in the version that stands at as_of.
with

contents as (

    {{ current_catalogue('contents', 'content_id') }}

),

final as (

    select
        content_id,
        source,
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
        loaded_at
    from contents

)

select * from final
