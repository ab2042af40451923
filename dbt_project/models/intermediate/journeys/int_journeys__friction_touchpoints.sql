-- Grain: one row per channel and interaction that decided journeys to an order (converted or
-- lost) went through: how often, and how often it was the last there was.
with

journey_touches as (

    select * from {{ ref('int_journeys__journey_touches') }}
    where
        goal in (
            select goal from {{ ref('goals') }}
            where is_conversion and kind = 'order'
        )

),

touchpoints as (

    select
        version_key,
        channel,
        interaction
    from {{ ref('int_contracts__touchpoints') }}
    where superseded_at is null

),

unknown_persons as (

    select person_id from {{ ref('persons') }}
    where not is_known

),

open_journeys as (

    select journey_id from journey_touches
    where
        conversion_key is null
        and touch_position = touch_count
        and {{ seconds_between('occurred_at', as_of()) }} <= 86400 * {{ setting('lookback_days') }}

),

decided as (

    select
        journey_touches.touch_key,
        journey_touches.person_id,
        case
            when
                journey_touches.conversion_key is null
                and journey_touches.touch_position = journey_touches.touch_count
                then 1
            else 0
        end as drops_off
    from journey_touches
    left join open_journeys
        on journey_touches.journey_id = open_journeys.journey_id
    where open_journeys.journey_id is null

),

final as (

    select
        touchpoints.channel,
        touchpoints.interaction,
        count(*) as traffic,
        sum(decided.drops_off) as drop_off_count,
        sum(case when unknown_persons.person_id is not null then decided.drops_off else 0 end)
            as unknown_drop_off_count
    from decided
    inner join touchpoints
        on decided.touch_key = touchpoints.version_key
    left join unknown_persons
        on decided.person_id = unknown_persons.person_id
    group by touchpoints.channel, touchpoints.interaction

)

select * from final
