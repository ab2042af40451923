-- Published: 2,102 coupon redemptions; each is an offer event of its own, and names an offer that
-- exists.
{{
    config(
        enabled='complete_journey' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        meta={'dagster': {'ref': {'name': 'stg_complete_journey__offer_events'}}}
    )
}}
with

redeemed as (

    select * from {{ ref('stg_complete_journey__offer_events') }}

),

offers as (

    select distinct offer_id from {{ ref('stg_complete_journey__offers') }}

),

totals as (

    select
        count(*) as redemption_count,
        count(distinct redeemed.offer_event_id) as distinct_count,
        count(offers.offer_id) as known_offer_count
    from redeemed
    left join offers on redeemed.offer_id = offers.offer_id

)

select *
from totals
where redemption_count <> 2102 or distinct_count <> 2102 or known_offer_count <> 2102
