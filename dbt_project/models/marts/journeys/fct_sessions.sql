-- Grain: one row per session.
with

sessions as (

    select * from {{ ref('int_journeys__sessions') }}

),

order_sessions as (

    select * from {{ ref('int_journeys__order_sessions') }}

),

order_counts as (

    select
        session_id,
        count(*) as order_count
    from order_sessions
    group by session_id

),

final as (

    select
        sessions.session_id,
        sessions.person_id,
        sessions.actor_key,
        sessions.started_at,
        sessions.ended_at,
        cast({{ seconds_between('sessions.started_at', 'sessions.ended_at') }} as double)
            as duration_s,
        sessions.channel,
        sessions.place_channel,
        sessions.campaign_id,
        cast(sessions.touch_count as bigint) as touch_count,
        sessions.landing_page,
        sessions.has_engagement,
        order_counts.order_count is not null as has_order
    from sessions
    left join order_counts
        on sessions.session_id = order_counts.session_id

)

select * from final
