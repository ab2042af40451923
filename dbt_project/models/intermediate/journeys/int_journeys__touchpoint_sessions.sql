-- Grain: one row per touchpoint that belongs to a session; position 0 is the click that landed it,
-- on whatever actor (a click and the visit that it lands are one touch).
-- The actor is a device or channel identifier, never the person: a login in mid-session, or a merge
-- that is found out tomorrow, must not cut the session in two. Midnight does not cut either.
{%- set in_order = 'order by occurred_at, source, touchpoint_id' %}
{%- set so_far = 'rows between unbounded preceding and current row' %}
with

session_touches as (

    select * from {{ ref('int_journeys__session_touches') }}

),

timed as (

    select
        *,
        lag(occurred_at) over (partition by actor_key {{ in_order }}) as previous_at
    from session_touches
    where landing_touchpoint_key is null

),

cut_at_gaps as (

    select
        *,
        sum(
            case
                when
                    {{ seconds_between('previous_at', 'occurred_at') }}
                    > 60 * {{ setting('session_gap_minutes') }}
                    then 1
                else 0
            end
        ) over (partition by actor_key {{ in_order }} {{ so_far }}) as visit_number
    from timed

),

numbered_campaigns as (

    select
        *,
        row_number() over (partition by actor_key, visit_number {{ in_order }}) as visit_position,
        count(campaign_id) over (
            partition by actor_key, visit_number {{ in_order }} {{ so_far }}
        ) as campaign_number
    from cut_at_gaps

),

carried_campaigns as (

    -- the campaign that the touch stands under: its own, else the last one of the same visit
    select
        *,
        max(campaign_id) over (
            partition by actor_key, visit_number, campaign_number
        ) as carried_campaign_id
    from numbered_campaigns

),

compared_campaigns as (

    select
        *,
        lag(carried_campaign_id) over (
            partition by actor_key, visit_number {{ in_order }}
        ) as previous_campaign_id
    from carried_campaigns

),

cut_at_campaigns as (

    select
        *,
        sum(
            case
                when visit_position = 1 then 1
                when campaign_id is not null and campaign_id is distinct from previous_campaign_id
                    then 1
                else 0
            end
        ) over (partition by actor_key {{ in_order }} {{ so_far }}) as session_number
    from compared_campaigns

),

positioned as (

    select
        *,
        row_number() over (
            partition by actor_key, session_number {{ in_order }}
        ) as session_position
    from cut_at_campaigns

),

named as (

    select
        touchpoint_key,
        source,
        touchpoint_id,
        actor_key,
        session_position,
        -- named after the first touch, whose key is unique alone
        max(case when session_position = 1 then touchpoint_key end) over (
            partition by actor_key, session_number
        ) as session_id
    from positioned

),

final as (

    select
        source,
        touchpoint_id,
        touchpoint_key,
        actor_key,
        session_id,
        session_position
    from named
    union all
    select
        session_touches.source,
        session_touches.touchpoint_id,
        session_touches.touchpoint_key,
        named.actor_key,
        named.session_id,
        0 as session_position
    from session_touches
    inner join named
        on session_touches.landing_touchpoint_key = named.touchpoint_key

)

select * from final
