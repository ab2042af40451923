-- Grain: one row per touchpoint (interaction on a channel) and hand-off (from one channel to
-- another) of decided journeys to an order, with the drop-off of its kind: of touchpoints of like
-- intent, of hand-offs to the same channel.
with

touchpoints as (

    select * from {{ ref('int_journeys__friction_touchpoints') }}

),

hand_offs as (

    select * from {{ ref('int_journeys__friction_hand_offs') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

channels as (

    select * from {{ ref('channels') }}

),

points as (

    select
        'touchpoint' as point_type,
        cast(null as {{ string_type() }}) as from_channel,
        touchpoints.channel,
        touchpoints.interaction,
        touchpoints.interaction as fix_name,
        case
            when interactions.intent_weight >= 4 then 'touchpoints: decide'
            when interactions.intent_weight >= 2 then 'touchpoints: consider'
            else 'touchpoints: look'
        end as benchmark_group,
        touchpoints.traffic,
        touchpoints.drop_off_count,
        touchpoints.unknown_drop_off_count,
        cast(null as double) as median_lag_s
    from touchpoints
    left join interactions
        on touchpoints.interaction = interactions.interaction
    union all
    select
        'hand_off' as point_type,
        hand_offs.from_channel,
        hand_offs.channel,
        cast(null as {{ string_type() }}) as interaction,
        coalesce(channels.channel_group, 'other') as fix_name,
        concat('hand-offs to ', hand_offs.channel) as benchmark_group,
        hand_offs.traffic,
        hand_offs.drop_off_count,
        hand_offs.unknown_drop_off_count,
        hand_offs.median_lag_s
    from hand_offs
    left join channels
        on hand_offs.channel = channels.channel

),

kinds as (

    select
        benchmark_group,
        cast(sum(drop_off_count) as double) / sum(traffic) as benchmark_rate,
        median(median_lag_s) as benchmark_lag_s
    from points
    group by benchmark_group

),

types as (

    select
        point_type,
        median(traffic) as usual_traffic
    from points
    group by point_type

),

final as (

    select
        points.*,
        cast(points.drop_off_count as double) / points.traffic as drop_off_rate,
        kinds.benchmark_rate,
        kinds.benchmark_lag_s,
        types.usual_traffic,
        cast(points.unknown_drop_off_count as double) / nullif(points.drop_off_count, 0)
            as unknown_share
    from points
    inner join kinds
        on points.benchmark_group = kinds.benchmark_group
    inner join types
        on points.point_type = types.point_type

)

select * from final
