-- Grain: one row per pair of different channels that decided journeys to an order went between, one
-- touch after the other: how often, how long it took, how often nothing came after it.
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

followed as (

    select
        journey_id,
        person_id,
        conversion_key,
        channel,
        occurred_at,
        touch_position,
        touch_count,
        lag(channel) over (partition by journey_id order by touch_position) as from_channel,
        lag(occurred_at) over (partition by journey_id order by touch_position) as previous_at
    from journey_touches

),

open_journeys as (

    select journey_id from journey_touches
    where
        conversion_key is null
        and touch_position = touch_count
        and {{ seconds_between('occurred_at', as_of()) }} <= 86400 * {{ setting('lookback_days') }}

),

hand_offs as (

    select
        followed.person_id,
        followed.from_channel,
        followed.channel,
        {{ seconds_between('followed.previous_at', 'followed.occurred_at') }} as lag_s,
        case
            when
                followed.conversion_key is null
                and followed.touch_position = followed.touch_count
                then 1
            else 0
        end as drops_off
    from followed
    left join open_journeys
        on followed.journey_id = open_journeys.journey_id
    where
        open_journeys.journey_id is null
        and followed.from_channel <> followed.channel

),

final as (

    select
        hand_offs.from_channel,
        hand_offs.channel,
        count(*) as traffic,
        sum(hand_offs.drops_off) as drop_off_count,
        sum(case when unknown_persons.person_id is not null then hand_offs.drops_off else 0 end)
            as unknown_drop_off_count,
        median(hand_offs.lag_s) as median_lag_s
    from hand_offs
    left join unknown_persons
        on hand_offs.person_id = unknown_persons.person_id
    group by hand_offs.from_channel, hand_offs.channel

)

select * from final
