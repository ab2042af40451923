-- Grain: one row per page view or tracked event and version.
-- An event that the list does not know keeps its own name (snake case).
with

hits as (

    select * from {{ source('web', 'events') }}

),

final as (

    select
        'web' as source,
        message_id as touchpoint_id,
        message_id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'web' as channel,
        {{ source_channel(
            medium='campaign_medium', utm_source='campaign_source',
            click_id='click_id', referrer='page_referrer'
        ) }} as source_channel,
        case
            when type = 'page' and is_session_start then 'visit'
            when type = 'page' then 'page_view'
            when event = 'Product Viewed' then 'product_view'
            when event = 'Products Searched' then 'search'
            when event = 'Product Added' then 'add_to_cart'
            when event = 'Product Removed' then 'remove_from_cart'
            when event = 'Cart Viewed' then 'view_cart'
            when event = 'Checkout Started' then 'begin_checkout'
            when event = 'Shipping Info Entered' then 'add_shipping'
            when event = 'Payment Info Entered' then 'add_payment'
            when event = 'Form Submitted' then 'form_submit'
            when event = 'Event Registered' then 'register'
            when event = 'Product Reviewed' then 'review'
            when event = 'Product Shared' then 'share'
            when event = 'Referral Made' then 'referral_made'
            when event = 'Promotion Viewed' then 'offer_view'
            when event = 'Product Added to Wishlist' then 'wishlist_add'
            else lower(replace(event, ' ', '_'))
        end as interaction,
        session_id as session_hint,
        campaign_id,
        campaign_content as content_id,
        offer_id,
        message_reference as message_id,
        campaign_source as utm_source,
        campaign_medium as utm_medium,
        campaign_name as utm_campaign,
        page_path,
        product_id,
        cast(null as string) as location_id,
        device_type as device_category,
        cart_id,
        quantity,
        value_amount,
        event_id,
        referral_code,
        decision_id,
        {{ is_robot('user_agent') }} as is_automated,
        consent as consent_state,
        cast(null as decimal(18, 4)) as cost_amount,
        currency,
        _file_name,
        _row_number
    from hits
    where (type = 'page' or event is not null)
        -- a purchase is an order of the shop, never a touchpoint
        and type <> 'identify' and (event <> 'Order Completed' or event is null)

)

select * from final
