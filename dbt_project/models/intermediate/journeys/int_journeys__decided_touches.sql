-- Grain: one row per touch of a decided journey to an order (converted or lost), and whether it was
-- the last there was of a lost one.
with

journey_touches as (

    select * from {{ ref('int_journeys__journey_touches') }}
    where
        goal in (
            select goal from {{ ref('goals') }}
            where is_conversion and kind = 'order'
        )

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

final as (

    select
        journey_touches.journey_id,
        journey_touches.touch_key,
        journey_touches.touch_position,
        journey_touches.channel,
        journey_touches.occurred_at,
        unknown_persons.person_id is not null as is_unknown,
        journey_touches.conversion_key is null
        and journey_touches.touch_position = journey_touches.touch_count as drops_off
    from journey_touches
    left join open_journeys
        on journey_touches.journey_id = open_journeys.journey_id
    left join unknown_persons
        on journey_touches.person_id = unknown_persons.person_id
    where open_journeys.journey_id is null

)

select * from final
