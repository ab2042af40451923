-- Grain: one row per basket, exposure, redemption or household, and version.
-- The household key is a loyalty card that a household shares, so it is a loyalty_id.
with

transactions as (

    select * from {{ source('complete_journey', 'transactions') }}

),

campaigns as (

    select * from {{ source('complete_journey', 'campaigns') }}

),

campaign_descriptions as (

    select * from {{ source('complete_journey', 'campaign_descriptions') }}

),

coupon_redemptions as (

    select * from {{ source('complete_journey', 'coupon_redemptions') }}

),

demographics as (

    select * from {{ source('complete_journey', 'demographics') }}

),

baskets as (

    select
        basket_id,
        household_id,
        store_id,
        min(transacted_at) as transacted_at,
        sum(sales_value) as sales_value,
        sum(
            coalesce(retail_disc, 0) + coalesce(coupon_disc, 0) + coalesce(coupon_match_disc, 0)
        ) as discount,
        _loaded_at,
        _file_name,
        min(_row_number) as _row_number
    from transactions
    group by basket_id, household_id, store_id, _loaded_at, _file_name

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

final as (

    {{ identifier_rows(
        source='complete_journey', relation='baskets',
        record_id="concat('basket:', basket_id)",
        observed_at='transacted_at',
        identifiers=[{'type': 'loyalty_id', 'value': 'household_id', 'authenticated': 'true'}]
    ) }}
    union all
    {{ identifier_rows(
        source='complete_journey', relation='exposures',
        record_id="concat('campaign:', campaign_id, ':', household_id)",
        observed_at='exposed_at',
        identifiers=[{'type': 'loyalty_id', 'value': 'household_id'}]
    ) }}
    union all
    {{ identifier_rows(
        source='complete_journey', relation='redemptions',
        record_id='redemption_id',
        observed_at='redemption_date',
        identifiers=[{'type': 'loyalty_id', 'value': 'household_id', 'authenticated': 'true'}]
    ) }}
    union all
    {{ identifier_rows(
        source='complete_journey', relation='demographics',
        record_id="concat('household:', household_id)",
        observed_at='_loaded_at',
        identifiers=[{'type': 'loyalty_id', 'value': 'household_id'}]
    ) }}

)

select * from final
