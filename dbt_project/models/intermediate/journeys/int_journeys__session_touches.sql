-- Grain: one row per touchpoint (current version) that makes a session: engaged, inbound, not
-- automated; with its actor, and, for a click, the visit that it landed.
with

touchpoints as (

    select * from {{ ref('int_contracts__touchpoints') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons') }}

),

identifier_types as (

    select * from {{ ref('identifier_types') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

click_landings as (

    select * from {{ ref('int_core__click_landings') }}

),

engaged as (

    select
        {{ surrogate_key(['touchpoints.source', 'touchpoints.touchpoint_id']) }} as touchpoint_key,
        touchpoints.source,
        touchpoints.touchpoint_id,
        touchpoints.record_id,
        touchpoints.record_key,
        touchpoints.session_hint,
        touchpoints.occurred_at,
        touchpoints.campaign_id
    from touchpoints
    inner join interactions
        on touchpoints.interaction = interactions.interaction
    where
        touchpoints.superseded_at is null
        and touchpoints.is_automated is not true
        and interactions.direction = 'inbound'
        and interactions.is_engagement
        -- an open is none: mail clients open by themselves
        and interactions.is_attribution_touch

),

landed_clicks as (

    select
        click_landings.landed_by_touchpoint_key as touchpoint_key,
        min(click_landings.touchpoint_key) as landing_touchpoint_key
    from click_landings
    inner join engaged
        on click_landings.touchpoint_key = engaged.touchpoint_key
    group by click_landings.landed_by_touchpoint_key

),

final as (

    select
        engaged.touchpoint_key,
        engaged.source,
        engaged.touchpoint_id,
        engaged.occurred_at,
        engaged.campaign_id,
        -- a device or channel; without one the source's own session (a visitor who refused cookies
        -- and logs in stays one visitor), else a person's identifier, else the record alone
        case
            when
                record_persons.actor_key <> record_persons.identifier_key
                or identifier_types.scope <> 'person'
                then record_persons.actor_key
            when engaged.session_hint is not null
                then {{ surrogate_key(["'session'", 'engaged.source', 'engaged.session_hint']) }}
            when record_persons.actor_key is not null
                then record_persons.actor_key
            else {{ surrogate_key(["'record'", 'engaged.source', 'engaged.record_id']) }}
        end as actor_key,
        landed_clicks.landing_touchpoint_key
    from engaged
    left join record_persons
        on engaged.record_key = record_persons.record_key
    left join identifier_types
        on record_persons.identifier_type = identifier_types.identifier_type
    left join landed_clicks
        on engaged.touchpoint_key = landed_clicks.touchpoint_key

)

select * from final
