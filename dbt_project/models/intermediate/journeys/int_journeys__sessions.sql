-- Grain: one row per session. The person is attached here, after the cutting.
with

touchpoints as (

    select * from {{ ref('fct_touchpoints') }}

),

touchpoint_sessions as (

    select * from {{ ref('int_journeys__touchpoint_sessions') }}

),

session_touches as (

    select
        touchpoint_sessions.session_id,
        touchpoint_sessions.actor_key,
        touchpoint_sessions.session_position,
        touchpoints.touchpoint_key,
        touchpoints.person_id,
        touchpoints.occurred_at,
        touchpoints.channel,
        touchpoints.attribution_channel,
        touchpoints.campaign_id,
        touchpoints.page_path,
        touchpoints.is_engagement,
        -- the person who is known last in the session: a login says who the visitor was
        max(
            case
                when touchpoints.person_id is not null then touchpoint_sessions.session_position
            end
        ) over (partition by touchpoint_sessions.session_id) as person_position,
        min(
            case
                when touchpoints.page_path is not null then touchpoint_sessions.session_position
            end
        ) over (partition by touchpoint_sessions.session_id) as landing_position,
        min(
            case
                when touchpoints.campaign_id is not null then touchpoint_sessions.session_position
            end
        ) over (partition by touchpoint_sessions.session_id) as campaign_position
    from touchpoint_sessions
    inner join touchpoints
        on touchpoint_sessions.touchpoint_key = touchpoints.touchpoint_key
    where touchpoint_sessions.session_position > 0

),

final as (

    select
        session_id,
        actor_key,
        max(case when session_position = person_position then person_id end) as person_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ add_time('max(occurred_at)', setting('session_gap_minutes'), 'minute') }} as open_until,
        max(case when session_position = 1 then attribution_channel end) as channel,
        max(case when session_position = 1 then channel end) as place_channel,
        max(case when session_position = campaign_position then campaign_id end) as campaign_id,
        count(*) as touch_count,
        max(case when session_position = landing_position then page_path end) as landing_page,
        max(case when is_engagement then 1 else 0 end) = 1 as has_engagement
    from session_touches
    group by session_id, actor_key

)

select * from final
