-- Grain: one row per ticket or satisfaction score of a call and version.
with

calls as (

    select * from {{ source('call_center', 'calls') }}

),

tickets as (

    select
        'call_center' as source,
        concat(call_id, ':ticket') as feedback_id,
        call_id as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'call_center' as channel,
        'ticket' as kind,
        cast(null as string) as question,
        cast(null as string) as answer,
        cast(null as decimal(18, 4)) as score,
        topic,
        agent_note as body,
        campaign_id,
        cast(null as string) as content_id,
        priority,
        case when is_answered = 'Y' then started_at end as first_response_at,
        resolved_at,
        call_id as related_touchpoint_id,
        _file_name,
        _row_number
    from calls
    where direction = 'IN' and topic is not null

),

ratings as (

    select
        'call_center' as source,
        concat(call_id, ':csat') as feedback_id,
        call_id as record_id,
        started_at as occurred_at,
        _loaded_at as loaded_at,
        'call_center' as channel,
        'csat' as kind,
        cast(null as string) as question,
        cast(csat as string) as answer,
        cast(csat as decimal(18, 4)) as score,
        topic,
        cast(null as string) as body,
        campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as priority,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as resolved_at,
        call_id as related_touchpoint_id,
        _file_name,
        _row_number
    from calls
    where csat is not null

),

final as (

    select * from tickets
    union all
    select * from ratings

)

select * from final
