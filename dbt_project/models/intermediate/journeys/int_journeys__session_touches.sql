-- Grain: one row per touchpoint (current version) that is a touch: engaged and inbound, made by a
-- person, not automated; also outbound ones where the tenant counts them (seed `interactions`):
-- those make no session. With its actor, and all that sessions and journeys need of it: they never
-- read the wide facts. A click that landed a visit names the visit.
{% call touched() %}
    select record_key from {{ changes(ref('int_contracts__touchpoints')) }}
    union all
    select record_key from {{ touched_records() }} as touched_records
    union all
    select record_key from {{ changes(ref('int_core__click_landings')) }}
    union all
    select landed_by_record_key as record_key
    from {{ changes(ref('int_core__click_landings')) }}
{% endcall %}
with

touchpoints as (

    {{ touched_rows(ref('int_contracts__touchpoints')) }}

),

records as (

    {{ touched_rows(ref('int_identity__records')) }}

),

set_persons as (

    select * from {{ ref('int_identity__set_persons') }}

),

ownership as (

    select * from {{ ref('int_identity__ownership') }}

),

click_landings as (

    select * from {{ ref('int_core__click_landings') }}

),

engaging as (

    -- an open is none: mail clients open by themselves; what the brand sent is one if it says so
    select
        interaction,
        direction = 'inbound' as makes_session
    from {{ ref('interactions') }}
    where
        is_attribution_touch
        and (is_engagement or direction = 'outbound')

),

engaged as (

    select
        touchpoints.version_key as touch_key,
        touchpoints.record_key,
        touchpoints.source,
        touchpoints.touchpoint_id,
        touchpoints.record_id,
        touchpoints.session_hint,
        touchpoints.occurred_at,
        touchpoints.channel,
        coalesce(touchpoints.source_channel, touchpoints.channel) as attribution_channel,
        touchpoints.campaign_id,
        touchpoints.page_path,
        engaging.makes_session
    from touchpoints
    inner join engaging
        on touchpoints.interaction = engaging.interaction
    where
        touchpoints.superseded_at is null
        and touchpoints.is_automated is not true

),

landed_clicks as (

    select
        click_landings.landed_by_touch_key as touch_key,
        click_landings.touch_key as landing_touch_key
    from click_landings
    inner join engaging
        on click_landings.interaction = engaging.interaction

),

set_actors as (

    -- what binds the touches of a set: a device or channel, however the source cuts its sessions
    select
        set_persons.set_key,
        set_persons.person_id,
        set_persons.identifier_number,
        set_persons.actor_key,
        {{ row_key(['set_persons.actor_key']) }} as actor_number,
        set_persons.is_device_actor as is_device
    from set_persons
    where set_persons.actor_key is not null or set_persons.person_id is not null

),

with_actor as (

    -- a device or channel; without one the source's own session (a visitor who refused cookies
    -- and logs in stays one visitor), else a person's identifier, else the record alone
    select
        engaged.*,
        coalesce(ownership.person_id, set_actors.person_id) as person_id,
        set_actors.actor_number,
        case
            when set_actors.is_device then set_actors.actor_key
            when engaged.session_hint is not null
                then {{ surrogate_key(["'session'", 'engaged.source', 'engaged.session_hint']) }}
            when set_actors.actor_key is not null then set_actors.actor_key
            else {{ surrogate_key(["'record'", 'engaged.source', 'engaged.record_id']) }}
        end as actor_key,
        coalesce(set_actors.is_device, false)
        or (engaged.session_hint is null and set_actors.actor_key is not null) as has_set_actor
    from engaged
    left join records
        on engaged.record_key = records.record_key
    left join set_actors
        on records.set_key = set_actors.set_key
    left join ownership
        on {{ owned_at('set_actors', 'records.observed_at') }}

),

final as (

    select
        with_actor.touch_key,
        with_actor.record_key,
        with_actor.source,
        with_actor.touchpoint_id,
        with_actor.occurred_at,
        with_actor.channel,
        with_actor.attribution_channel,
        with_actor.campaign_id,
        with_actor.page_path,
        with_actor.makes_session,
        with_actor.person_id,
        with_actor.actor_key,
        case
            when with_actor.has_set_actor then with_actor.actor_number
            else {{ row_key(['with_actor.actor_key']) }}
        end as actor_number,
        landed_clicks.landing_touch_key,
        click_landings.touch_key is not null as is_landing_duplicate
    from with_actor
    left join landed_clicks
        on with_actor.touch_key = landed_clicks.touch_key
    left join click_landings
        on with_actor.touch_key = click_landings.touch_key

)

select * from final
