-- Grain: one row per pair of different channels that decided journeys to an order went between, one
-- touch after the other: how often, how long it took, how often nothing came after it.
with

followed as (

    select
        channel,
        drops_off,
        is_unknown,
        occurred_at,
        lag(channel) over (partition by journey_id order by touch_position) as from_channel,
        lag(occurred_at) over (partition by journey_id order by touch_position) as previous_at
    from {{ ref('int_journeys__decided_touches') }}

),

final as (

    select
        from_channel,
        channel,
        count(*) as traffic,
        sum(case when drops_off then 1 else 0 end) as drop_off_count,
        sum(case when drops_off and is_unknown then 1 else 0 end) as unknown_drop_off_count,
        median({{ seconds_between('previous_at', 'occurred_at') }}) as median_lag_s
    from followed
    where from_channel <> channel
    group by from_channel, channel

)

select * from final
