-- Grain: one row per coupon and campaign and version.
-- A coupon of two campaigns is two offers: it is valid while its campaign runs.
with

coupons as (

    select * from {{ source('complete_journey', 'coupons') }}

),

campaign_descriptions as (

    select * from {{ source('complete_journey', 'campaign_descriptions') }}

),

periods as (

    select
        campaign_id,
        max(campaign_type) as campaign_type,
        max(start_date) as start_date,
        max(end_date) as end_date
    from campaign_descriptions
    group by campaign_id

),

grouped as (

    select
        campaign_id,
        coupon_upc,
        count(distinct product_id) as product_count,
        _loaded_at,
        _file_name,
        min(_row_number) as _row_number
    from coupons
    group by campaign_id, coupon_upc, _loaded_at, _file_name

),

dated as (

    select
        grouped.*,
        periods.campaign_type,
        periods.start_date,
        periods.end_date
    from grouped
    left join periods on grouped.campaign_id = periods.campaign_id

),

final as (

    select
        'complete_journey' as source,
        concat(campaign_id, ':', coupon_upc) as offer_id,
        _loaded_at as loaded_at,
        concat(
            'Coupon ', coupon_upc, ', good for ', cast(product_count as string), ' products'
        ) as name,
        concat('campaign ', campaign_id) as offer_family,
        'coupon' as kind,
        campaign_type as tier,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as decimal(18, 4)) as value_pct,
        'USD' as currency,
        start_date as valid_from,
        {{ add_time('end_date', 1, 'day') }} as valid_to,
        cast(null as decimal(18, 4)) as budget_amount,
        cast(null as integer) as max_per_person,
        'direct_mail' as eligible_channels,
        _file_name,
        _row_number
    from dated

)

select * from final
