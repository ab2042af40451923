-- Grain: one row per touchpoint that belongs to a session; position 0 is the click that landed it,
-- on whatever actor (a click and the visit that it lands are one touch).
-- The actor is a device or channel identifier, never the person: a login in mid-session, or a merge
-- that is found out tomorrow, must not cut the session in two. Midnight does not cut either.
{%- set in_order = 'partition by actor_number order by occurred_at, source, touchpoint_id' %}
{%- set by_number = 'partition by actor_number order by touch_number' %}
{% call touched() %}
    select actor_number from {{ changes(ref('int_journeys__session_touches')) }}
    union all
    -- a click that came or went is in the session of the visit that it landed
    select session_touches.actor_number
    from {{ ref('int_journeys__session_touches') }} as session_touches
    where session_touches.touch_key in (
            select landing_touch_key from {{ changes(ref('int_journeys__session_touches')) }}
        )
{% endcall %}
with

session_touches as (

    {{ touched_rows(ref('int_journeys__session_touches')) }}

),

landed_clicks as (

    select * from {{ ref('int_journeys__session_touches') }}
    where
        makes_session
        and landing_touch_key is not null

),

ordered as (

    -- the one sort by time: what follows goes by the number
    select
        actor_number,
        touch_key,
        record_key,
        source,
        touchpoint_id,
        campaign_id,
        occurred_at,
        row_number() over ({{ in_order }}) as touch_number,
        lag(occurred_at) over ({{ in_order }}) as previous_at
    from session_touches
    where
        makes_session
        and landing_touch_key is null

),

cut_at_gaps as (

    select
        *,
        previous_at is null
        or {{ seconds_between('previous_at', 'occurred_at') }}
        > 60 * {{ setting('session_gap_minutes') }} as begins_visit
    from ordered

),

under_campaigns as (

    -- the last campaign of the same visit before this touch: a visit begins with none
    select
        *,
        {{ last_known("case when campaign_id is not null then concat('=', campaign_id)
            when begins_visit then '' end") }} over (
            {{ by_number }} rows between unbounded preceding and 1 preceding
        ) as campaign_before
    from cut_at_gaps

),

cut_at_campaigns as (

    select
        actor_number,
        touch_key,
        record_key,
        touch_number,
        case
            when
                begins_visit
                or (campaign_id is not null and concat('=', campaign_id) <> campaign_before)
                then touch_number
        end as first_number,
        source,
        touchpoint_id
    from under_campaigns

),

numbered as (

    select
        actor_number,
        touch_key,
        record_key,
        touch_number,
        {{ last_known('first_number') }} over (
            {{ by_number }} rows between unbounded preceding and current row
        ) as first_number,
        -- named after the first touch, whose key is unique alone
        {{ last_known("case when first_number is not null
            then " ~ surrogate_key(['source', 'touchpoint_id']) ~ " end") }} over (
            {{ by_number }} rows between unbounded preceding and current row
        ) as session_id
    from cut_at_campaigns

),

final as (

    select
        touch_key,
        record_key,
        actor_number,
        session_id,
        touch_number - first_number + 1 as session_position
    from numbered
    union all
    select
        landed_clicks.touch_key,
        landed_clicks.record_key,
        numbered.actor_number,
        numbered.session_id,
        0 as session_position
    from landed_clicks
    inner join numbered
        on landed_clicks.landing_touch_key = numbered.touch_key

)

select * from final
