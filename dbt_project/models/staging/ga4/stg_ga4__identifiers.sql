-- Grain: one row per touch, order or refund, identifier and version.
-- A client id is a cookie in a browser and an app instance, a device, in an app. GA4 never reports
-- an e-mail address; user_id is the brand's own and comes after a login.
with

raw_events as (

    select * from {{ source('ga4', 'events') }}

),

event_names as (

    select * from {{ ref('ga4_events') }}

),

events as (

    {{ ga4_events(
        roles=['touch', 'order', 'refund'], columns=['user_pseudo_id', 'user_id']
    ) }}

),

typed as (

    select
        *,
        case when channel = 'app' then 'device_id' else 'cookie_id' end as pseudo_id_type
    from events

),

final as (

    {{ identifier_rows(
        source='ga4', relation='typed', record_id='event_id', observed_at='occurred_at',
        identifiers=[
            {'type_column': 'pseudo_id_type', 'value': 'user_pseudo_id'},
            {'type': 'customer_id', 'value': 'user_id', 'authenticated': 'true'},
        ]
    ) }}

)

select * from final
