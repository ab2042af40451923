-- Grain: one row per app event and version.
-- Names that the list does not know are kept as they are.
with

events as (

    select * from {{ source('app', 'events') }}

),

final as (

    select
        'app' as source,
        insert_id as touchpoint_id,
        insert_id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'app' as channel,
        {{ source_channel(medium='utm_medium', utm_source='utm_source') }} as source_channel,
        case
            when event_type = 'application_installed' then 'app_install'
            when event_type = 'view_product' then 'product_view'
            when event_type = 'view_screen' then 'page_view'
            when event_type = 'write_review' then 'review'
            when event_type = 'refer_friend' then 'referral_made'
            when event_type = 'view_offer' then 'offer_view'
            when event_type = 'push_permission_granted' then 'push_opt_in'
            when event_type = 'register_event' then 'register'
            else event_type
        end as interaction,
        session_id as session_hint,
        campaign_id,
        content_id,
        offer_id,
        message_id,
        utm_source,
        utm_medium,
        utm_campaign,
        screen as page_path,
        product_id,
        store_no as location_id,
        'mobile' as device_category,
        cart_id,
        quantity,
        cast(price_amount * coalesce(quantity, 1) as decimal(18, 4)) as value_amount,
        cast(null as string) as event_id,
        referral_code,
        decision_id,
        false as is_automated,
        consent as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        currency,
        _file_name,
        _row_number
    from events
    where -- a purchase is an order of the shop; the others only change a setting
        event_type not in (
            'purchase', 'logout', 'update_profile', 'push_permission_revoked'
        )

)

select * from final
