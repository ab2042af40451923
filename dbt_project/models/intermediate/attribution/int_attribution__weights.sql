-- Grain: one row per conversion and touch that counts for it, with its credit by every model that
-- splits credit per conversion. Credits of a model sum to 1 per conversion.
-- Counts and sums per conversion, no sorting: a window over all touches costs five times as much.
{% call touched() %}
    select conversion_key from {{ changes(ref('int_journeys__journey_touches')) }}
{% endcall %}
with

touches as (

    select
        conversion_key,
        touch_key,
        channel,
        occurred_at,
        touch_position,
        touch_count
    from {{ ref('int_journeys__journey_touches') }}
    where
        conversion_key is not null
        and {{ is_touched('conversion_key') }}

),

direct_channels as (

    select channel as direct_channel from {{ ref('channels') }}
    where channel_group = 'direct'

),

youngest as (

    select
        conversion_key as youngest_key,
        occurred_at as youngest_at
    from touches
    where touch_position = touch_count

),

aged as (

    -- ages are counted from the youngest touch, so that no weight of it all is too small to be
    -- seen; whole units of 1e-12, whose sum is the same in every order of adding and on every
    -- engine
    select
        touches.*,
        round(
            1e12 * power(
                cast(2 as double),
                -{{ seconds_between('touches.occurred_at', 'youngest.youngest_at') }}
                / (86400 * {{ setting('attribution_half_life_days') }})
            )
        ) as decay_units,
        case when direct_channels.direct_channel is null then touches.touch_position end
            as other_position
    from touches
    inner join youngest
        on touches.conversion_key = youngest.youngest_key
    left join direct_channels
        on touches.channel = direct_channels.direct_channel

),

channel_sums as (

    select
        conversion_key as summed_key,
        channel as summed_channel,
        count(*) as channel_touch_count,
        sum(decay_units) as decay_units_sum,
        max(other_position) as last_other_position
    from aged
    group by conversion_key, channel

),

conversion_sums as (

    select
        summed_key as conversion_sums_key,
        count(*) as channel_count,
        sum(decay_units_sum) as all_decay_units,
        max(last_other_position) as last_other_position
    from channel_sums
    group by summed_key

),

final as (

    select
        aged.conversion_key,
        aged.touch_key,
        cast(case when aged.touch_position = 1 then 1 else 0 end as double) as first_credit,
        cast(case when aged.touch_position = aged.touch_count then 1 else 0 end as double)
            as last_credit,
        cast(
            case
                when
                    aged.touch_position
                    = coalesce(conversion_sums.last_other_position, aged.touch_count) then 1
                else 0
            end as double
        ) as last_non_direct_credit,
        cast(1 as double) / aged.touch_count as linear_credit,
        cast(
            case
                when aged.touch_count = 1 then 1
                when aged.touch_count = 2 then 0.5
                when aged.touch_position in (1, aged.touch_count) then 0.4
                else cast(0.2 as double) / (aged.touch_count - 2)
            end as double
        ) as position_credit,
        aged.decay_units / conversion_sums.all_decay_units as time_decay_credit,
        cast(1 as double) / (conversion_sums.channel_count * channel_sums.channel_touch_count)
            as shapley_credit
    from aged
    inner join channel_sums
        on aged.conversion_key = channel_sums.summed_key
            and aged.channel = channel_sums.summed_channel
    inner join conversion_sums
        on aged.conversion_key = conversion_sums.conversion_sums_key

)

select * from final
