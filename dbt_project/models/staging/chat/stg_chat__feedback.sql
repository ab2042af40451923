-- Grain: one row per ticket or satisfaction score of a conversation and version.
with

conversations as (

    select * from {{ source('chat', 'conversations') }}

),

tickets as (

    select
        'chat' as source,
        concat(id, ':ticket') as feedback_id,
        id as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        case when inbox = 'web_widget' then 'chat' else 'messenger' end as channel,
        'ticket' as kind,
        cast(null as string) as question,
        cast(null as string) as answer,
        cast(null as decimal(18, 4)) as score,
        topic,
        cast(null as string) as body,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as priority,
        first_reply_at as first_response_at,
        ended_at as resolved_at,
        id as related_touchpoint_id,
        _file_name,
        _row_number
    from conversations
    where topic is not null

),

ratings as (

    select
        'chat' as source,
        concat(id, ':csat') as feedback_id,
        id as record_id,
        coalesce(ended_at, started_at) as occurred_at,
        _loaded_at as loaded_at,
        case when inbox = 'web_widget' then 'chat' else 'messenger' end as channel,
        'csat' as kind,
        cast(null as string) as question,
        cast(csat as string) as answer,
        cast(csat as decimal(18, 4)) as score,
        topic,
        comment as body,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as priority,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as resolved_at,
        id as related_touchpoint_id,
        _file_name,
        _row_number
    from conversations
    where csat is not null

),

final as (

    select * from tickets
    union all
    select * from ratings

)

select * from final
