-- Grain: one row per campaign and month.
-- The last day is included: ended_at is the midnight after it.
with

campaigns as (

    select * from {{ source('marketing', 'campaigns') }}

),

final as (

    select
        'marketing' as source,
        campaign_id,
        _loaded_at as loaded_at,
        name,
        channel,
        objective,
        cast(start_date as timestamp) as started_at,
        {{ add_time('cast(end_date as timestamp)', 1, 'day') }} as ended_at,
        budget_amount,
        currency,
        core_message_id,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        _file_name,
        _row_number
    from campaigns

)

select * from final
