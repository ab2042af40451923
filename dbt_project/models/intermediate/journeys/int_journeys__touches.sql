-- Grain: one row per touch: an engaged inbound interaction of a person that may earn credit.
-- Left out: what machines did, opens (mail clients open by themselves), and the visit that a click
-- landed (the click and its visit are one touch). Touches of nobody cannot be put into a journey.
with

touchpoints as (

    select * from {{ ref('fct_touchpoints') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

source_priorities as (

    select * from {{ ref('source_priorities') }}

),

eligible as (

    select
        touchpoints.*,
        coalesce(source_priorities.priority, 100) as source_priority
    from touchpoints
    inner join interactions
        on touchpoints.interaction = interactions.interaction
    left join source_priorities
        on touchpoints.source = source_priorities.source
    where
        touchpoints.person_id is not null
        and touchpoints.is_engagement
        and touchpoints.direction = 'inbound'
        and interactions.is_attribution_touch
        and not touchpoints.is_automated
        and not touchpoints.is_landing_duplicate

),

final as (

    select
        touchpoint_key,
        touchpoint_id,
        source,
        person_id,
        occurred_at,
        attribution_channel as channel,
        campaign_id,
        -- the total order of a person's touches: time, source priority, id
        row_number() over (
            partition by person_id order by occurred_at, source_priority, touchpoint_id, source
        ) as touch_number
    from eligible

)

select * from final
