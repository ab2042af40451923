-- Grain: one row per session. The person is attached here, after the cutting.
{% call touched() %}
    select actor_number from {{ changes(ref('int_journeys__touchpoint_sessions')) }}
    union all
    select actor_number from {{ changes(ref('int_journeys__session_touches')) }}
{% endcall %}
with

session_touches as (

    {{ touched_rows(ref('int_journeys__session_touches')) }}

),

touchpoint_sessions as (

    {{ touched_rows(ref('int_journeys__touchpoint_sessions')) }}

),

positioned as (

    select
        touchpoint_sessions.session_id,
        touchpoint_sessions.session_position,
        touchpoint_sessions.actor_number,
        session_touches.actor_key,
        session_touches.person_id,
        session_touches.occurred_at,
        session_touches.channel,
        session_touches.attribution_channel,
        session_touches.campaign_id,
        session_touches.page_path
    from touchpoint_sessions
    inner join session_touches
        on touchpoint_sessions.touch_key = session_touches.touch_key
    where touchpoint_sessions.session_position > 0

),

final as (

    select
        session_id,
        actor_number,
        max(case when session_position = 1 then actor_key end) as actor_key,
        -- the person who is known last in the session: a login says who the visitor was
        {{ value_at_max('person_id', ['session_position']) }} filter (
            where person_id is not null
        ) as person_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ add_time('max(occurred_at)', setting('session_gap_minutes'), 'minute') }} as open_until,
        max(case when session_position = 1 then attribution_channel end) as channel,
        max(case when session_position = 1 then channel end) as place_channel,
        {{ value_at_max('campaign_id', ['-session_position']) }} filter (
            where campaign_id is not null
        ) as campaign_id,
        count(*) as touch_count,
        {{ value_at_max('page_path', ['-session_position']) }} filter (
            where page_path is not null
        ) as landing_page,
        -- nothing else makes a session
        true as has_engagement
    from positioned
    group by session_id, actor_number

)

select * from final
