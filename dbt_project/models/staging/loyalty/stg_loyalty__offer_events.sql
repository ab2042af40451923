-- Grain: one row per movement of points and version.
-- Points that belong to no reward are the offer loyalty_points.
with

points as (

    select * from {{ source('loyalty', 'points') }}

),

final as (

    select
        'loyalty' as source,
        movement_id as offer_event_id,
        concat('points:', movement_id) as record_id,
        moved_at as occurred_at,
        _loaded_at as loaded_at,
        coalesce(reward_id, 'loyalty_points') as offer_id,
        case
            when movement = 'EARN' then 'granted'
            when movement = 'REDEEM' then 'redeemed'
            when movement = 'EXPIRE' then 'expired'
            when movement = 'REVERSE' then 'reversed'
            else lower(movement)
        end as event,
        cast(null as string) as grant_id,
        cast(null as string) as coupon_code,
        tier,
        points as points_delta,
        cast(null as string) as reason,
        cast(null as string) as channel,
        order_no as order_id,
        value_amount,
        currency,
        _file_name,
        _row_number
    from points

)

select * from final
