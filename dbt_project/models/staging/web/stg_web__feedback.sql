-- Grain: one row per product review and version.
with

hits as (

    select * from {{ source('web', 'events') }}

),

final as (

    select
        'web' as source,
        message_id as feedback_id,
        message_id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'web' as channel,
        'review' as kind,
        cast(null as string) as question,
        cast(rating as string) as answer,
        cast(rating as decimal(18, 4)) as score,
        product_id as topic,
        review_text as body,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as priority,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as resolved_at,
        message_id as related_touchpoint_id,
        _file_name,
        _row_number
    from hits
    where event = 'Product Reviewed'

)

select * from final
