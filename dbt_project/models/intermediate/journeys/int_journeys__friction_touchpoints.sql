-- Grain: one row per channel and interaction that decided journeys to an order (converted or
-- lost) went through: how often, and how often it was the last there was.
with

decided_touches as (

    select * from {{ ref('int_journeys__decided_touches') }}

),

touchpoints as (

    select
        version_key,
        channel,
        interaction
    from {{ ref('int_contracts__touchpoints') }}
    where superseded_at is null

),

final as (

    select
        touchpoints.channel,
        touchpoints.interaction,
        count(*) as traffic,
        sum(case when decided_touches.drops_off then 1 else 0 end) as drop_off_count,
        sum(case when decided_touches.drops_off and decided_touches.is_unknown then 1 else 0 end)
            as unknown_drop_off_count
    from decided_touches
    inner join touchpoints
        on decided_touches.touch_key = touchpoints.version_key
    group by touchpoints.channel, touchpoints.interaction

)

select * from final
