-- Grain: one row per direct message and version.
with

interactions as (

    select * from {{ source('social', 'interactions') }}

),

final as (

    select
        'social' as source,
        id as feedback_id,
        id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'messenger' as channel,
        'ticket' as kind,
        cast(null as string) as question,
        cast(null as string) as answer,
        cast(null as decimal(18, 4)) as score,
        cast(null as string) as topic,
        text as body,
        campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as priority,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as resolved_at,
        id as related_touchpoint_id,
        _file_name,
        _row_number
    from interactions
    where kind = 'direct_message'

)

select * from final
