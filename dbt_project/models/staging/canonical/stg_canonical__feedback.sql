-- Grain: one row per delivered row of contract feedback (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'feedback') }}

),

final as (

    select
        source,
        feedback_id,
        record_id,
        occurred_at,
        _loaded_at as loaded_at,
        channel,
        kind,
        question,
        answer,
        score,
        topic,
        body,
        campaign_id,
        content_id,
        priority,
        first_response_at,
        resolved_at,
        related_touchpoint_id,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
