-- Grain: one row per day, channel, campaign and ad and version.
with

spend as (

    select * from {{ source('ads', 'spend') }}

),

final as (

    select
        'ads' as source,
        day as cost_date,
        _loaded_at as loaded_at,
        case
            when campaign_type = 'SEARCH' then 'paid_search'
            when campaign_type = 'SOCIAL' then 'paid_social'
            when campaign_type = 'DISPLAY' then 'display'
            else lower(campaign_type)
        end as channel,
        campaign_id,
        ad_id as content_id,
        cast(cost_micros / 1000000.0 as decimal(18, 4)) as cost_amount,
        currency_code as currency,
        impressions,
        clicks,
        reach,
        'media' as cost_type,
        cast(null as string) as location_id,
        _file_name,
        _row_number
    from spend

)

select * from final
