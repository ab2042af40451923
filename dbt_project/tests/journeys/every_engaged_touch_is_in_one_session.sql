-- Sessions cut by person lost the anonymous half of a visit at login: every engaged inbound touch
-- (opens and machines apart) has a session, and the sessions count each of them once, a click and
-- the visit that it landed together.
{{ config(meta={'dagster': {'ref': {'name': 'fct_sessions'}}}) }}
with

engaged as (

    select count(*) as touch_count
    from {{ ref('fct_touchpoints') }} as touchpoints
    inner join {{ ref('interactions') }} as interactions
        on touchpoints.interaction = interactions.interaction
    where
        touchpoints.is_engagement
        and touchpoints.direction = 'inbound'
        and interactions.is_attribution_touch

),

with_session as (

    select
        count(*) as touch_count,
        sum(case when session_position = 0 then 1 else 0 end) as landed_click_count
    from {{ ref('int_journeys__touchpoint_sessions') }}

),

sessions as (

    select coalesce(sum(touch_count), 0) as touch_count from {{ ref('fct_sessions') }}

)

select
    engaged.touch_count as engaged_count,
    with_session.touch_count as with_session_count,
    sessions.touch_count as counted_in_sessions
from engaged
cross join with_session
cross join sessions
where
    engaged.touch_count <> with_session.touch_count
    or sessions.touch_count
    <> with_session.touch_count - coalesce(with_session.landed_click_count, 0)
