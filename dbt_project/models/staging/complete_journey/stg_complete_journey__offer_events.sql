-- Grain: one row per coupon redeemed and version.
with

coupon_redemptions as (

    select * from {{ source('complete_journey', 'coupon_redemptions') }}

),

redemptions as (

    select
        household_id,
        coupon_upc,
        campaign_id,
        redemption_date,
        _loaded_at,
        _file_name,
        _row_number,
        concat(
            'redemption:', campaign_id, ':', household_id, ':', coupon_upc, ':',
            cast(cast(redemption_date as date) as string)
        ) as redemption_id
    from coupon_redemptions

),

final as (

    select
        'complete_journey' as source,
        redemption_id as offer_event_id,
        redemption_id as record_id,
        redemption_date as occurred_at,
        _loaded_at as loaded_at,
        concat(campaign_id, ':', coupon_upc) as offer_id,
        'redeemed' as event,
        cast(null as string) as grant_id,
        coupon_upc as coupon_code,
        cast(null as string) as tier,
        cast(null as decimal(18, 4)) as points_delta,
        cast(null as string) as reason,
        'store' as channel,
        cast(null as string) as order_id,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from redemptions

)

select * from final
