-- Grain: one row per answer and version.
with

responses as (

    select * from {{ source('surveys', 'responses') }}

),

answered as (

    {{ unnest_json(
        'responses', 'answers',
        ['response_id', 'submitted_at', 'collector', 'topic', 'campaign_id', 'content_id',
         '_loaded_at', '_file_name', '_row_number']
    ) }}

),

final as (

    select
        'surveys' as source,
        concat(response_id, ':', cast(element_number as string)) as feedback_id,
        response_id as record_id,
        submitted_at as occurred_at,
        _loaded_at as loaded_at,
        collector as channel,
        coalesce({{ json_text('element', '$.kind') }}, 'survey') as kind,
        {{ json_text('element', '$.question') }} as question,
        -- free text is the body alone, which stays in schema pii
        {{ json_text('element', '$.score') }} as answer,
        cast({{ json_text('element', '$.score') }} as decimal(18, 4)) as score,
        topic,
        {{ json_text('element', '$.text') }} as body,
        campaign_id,
        content_id,
        cast(null as string) as priority,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as resolved_at,
        response_id as related_touchpoint_id,
        _file_name,
        _row_number
    from answered

)

select * from final
