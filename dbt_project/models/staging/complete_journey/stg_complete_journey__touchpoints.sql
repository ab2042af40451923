-- Grain: one row per campaign mailed to a household, or coupon redeemed, and version.
-- Campaigns were mailed: a send on the first day. A coupon brought back is the only answer that the
-- data holds to a mailing; only its day is known, so it stands before the baskets of that day.
with

campaigns as (

    select * from {{ source('complete_journey', 'campaigns') }}

),

campaign_descriptions as (

    select * from {{ source('complete_journey', 'campaign_descriptions') }}

),

coupon_redemptions as (

    select * from {{ source('complete_journey', 'coupon_redemptions') }}

),

starts as (

    select
        campaign_id,
        max(start_date) as started_at
    from campaign_descriptions
    group by campaign_id

),

exposures as (

    select
        campaigns.*,
        coalesce(starts.started_at, campaigns._loaded_at) as exposed_at
    from campaigns
    left join starts on campaigns.campaign_id = starts.campaign_id

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

mailed as (

    select
        'complete_journey' as source,
        concat('campaign:', campaign_id, ':', household_id) as touchpoint_id,
        concat('campaign:', campaign_id, ':', household_id) as record_id,
        exposed_at as occurred_at,
        _loaded_at as loaded_at,
        'direct_mail' as channel,
        cast(null as string) as source_channel,
        'send' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        concat('campaign:', campaign_id, ':', household_id) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from exposures

),

redeemed as (

    select
        'complete_journey' as source,
        redemption_id as touchpoint_id,
        redemption_id as record_id,
        redemption_date as occurred_at,
        _loaded_at as loaded_at,
        'direct_mail' as channel,
        cast(null as string) as source_channel,
        'offer_redeem' as interaction,
        cast(null as string) as session_hint,
        campaign_id,
        cast(null as string) as content_id,
        concat(campaign_id, ':', coupon_upc) as offer_id,
        concat('campaign:', campaign_id, ':', household_id) as message_id,
        cast(null as string) as utm_source,
        cast(null as string) as utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as page_path,
        cast(null as string) as product_id,
        cast(null as string) as location_id,
        cast(null as string) as device_category,
        cast(null as string) as cart_id,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        cast(null as string) as referral_code,
        cast(null as string) as decision_id,
        false as is_automated,
        cast(null as string) as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        cast(null as string) as currency,
        _file_name,
        _row_number
    from redemptions

),

final as (

    select * from mailed
    union all
    select * from redeemed

)

select * from final
