-- Grain: one row per campaign and version.
-- The last day is included: ended_at is a day after its start.
with

campaign_descriptions as (

    select * from {{ source('complete_journey', 'campaign_descriptions') }}

),

final as (

    select
        'complete_journey' as source,
        campaign_id,
        _loaded_at as loaded_at,
        concat('Campaign ', campaign_id) as name,
        'direct_mail' as channel,
        campaign_type as objective,
        start_date as started_at,
        {{ add_time('end_date', 1, 'day') }} as ended_at,
        cast(null as decimal(18, 4)) as budget_amount,
        'USD' as currency,
        cast(null as string) as core_message_id,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from campaign_descriptions

)

select * from final
