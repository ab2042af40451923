-- Grain: one row per member who joined and version.
with

members as (

    select * from {{ source('loyalty', 'members') }}

),

final as (

    select
        'loyalty' as source,
        concat('join:', card_no) as touchpoint_id,
        concat('member:', card_no) as record_id,
        joined_at as occurred_at,
        _loaded_at as loaded_at,
        coalesce(joined_via, 'store') as channel,
        cast(null as string) as source_channel,
        'loyalty_join' as interaction,
        cast(null as string) as session_hint,
        cast(null as string) as campaign_id,
        cast(null as string) as content_id,
        cast(null as string) as offer_id,
        cast(null as string) as message_id,
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
    from members

)

select * from final
