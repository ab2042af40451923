-- Grain: one row per day, channel, campaign and content and version.
with

costs as (

    select * from {{ source('marketing', 'costs') }}

),

final as (

    select
        'marketing' as source,
        cost_date,
        _loaded_at as loaded_at,
        channel,
        campaign_id,
        content_id,
        amount as cost_amount,
        currency,
        cast(null as integer) as impressions,
        cast(null as integer) as clicks,
        cast(null as integer) as reach,
        cost_type,
        location_id,
        _file_name,
        _row_number
    from costs

)

select * from final
