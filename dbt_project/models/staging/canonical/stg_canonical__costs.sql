-- Grain: one row per delivered row of contract costs (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'costs') }}

),

final as (

    select
        source,
        cost_date,
        _loaded_at as loaded_at,
        channel,
        campaign_id,
        content_id,
        cost_amount,
        currency,
        impressions,
        clicks,
        reach,
        cost_type,
        location_id,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
