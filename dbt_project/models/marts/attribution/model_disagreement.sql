-- Grain: one row per period_grain (month, total), period_start and channel: how far the models are
-- from one another, and how much credit a model takes away from what only this channel can have
-- earned.
with

channel_attribution as (

    select * from {{ ref('channel_attribution') }}

),

journeys as (

    select * from {{ ref('fct_journeys') }}
    where
        goal = 'order'
        and outcome = 'converted'
        and channel_count = 1

),

journey_touches as (

    select
        journey_id,
        channel
    from {{ ref('int_journeys__journey_touches') }}
    where
        conversion_key is not null
        and touch_position = 1

),

single_months as (

    select
        {{ month_start(local_time('journeys.ended_at', setting('timezone'))) }} as period_start,
        journey_touches.channel,
        count(*) as single_channel_conversions
    from journeys
    inner join journey_touches
        on journeys.journey_id = journey_touches.journey_id
    group by period_start, journey_touches.channel

),

singles as (

    select
        'month' as period_grain,
        period_start,
        channel,
        single_channel_conversions
    from single_months
    union all
    select
        'total' as period_grain,
        cast(null as date) as period_start,
        channel,
        sum(single_channel_conversions) as single_channel_conversions
    from single_months
    group by channel

),

shares as (

    -- rounded, so that which model is the lowest does not hang on the order of adding up
    select
        *,
        round(
            coalesce(
                conversions / nullif(
                    sum(conversions) over (partition by model, period_grain, period_start), 0
                ), 0
            ), 12
        ) as conversion_share
    from channel_attribution
    where channel <> '(unattributed)'

),

ranked as (

    select
        *,
        row_number() over (
            partition by period_grain, period_start, channel
            order by conversion_share asc, model asc
        ) as from_least,
        row_number() over (
            partition by period_grain, period_start, channel
            order by conversion_share desc, model asc
        ) as from_most
    from shares

),

compared as (

    select
        period_grain,
        period_start,
        max(period_end) as period_end,
        channel,
        count(*) as model_count,
        min(conversion_share) as share_min,
        max(conversion_share) as share_max,
        max(case when from_least = 1 then model end) as model_min,
        max(case when from_most = 1 then model end) as model_max,
        min(conversions) as conversions_min,
        max(conversions) as conversions_max
    from ranked
    group by period_grain, period_start, channel

),

final as (

    select
        compared.period_grain,
        compared.period_start,
        compared.period_end,
        compared.channel,
        cast(compared.model_count as bigint) as model_count,
        compared.share_min,
        compared.share_max,
        compared.share_max - compared.share_min as spread,
        compared.model_min,
        compared.model_max,
        compared.conversions_min,
        compared.conversions_max,
        cast(coalesce(singles.single_channel_conversions, 0) as bigint)
            as single_channel_conversions,
        greatest(
            coalesce(singles.single_channel_conversions, 0) - compared.conversions_min, 0
        ) as unsupported_credit
    from compared
    left join singles
        on compared.period_grain = singles.period_grain
            and compared.channel = singles.channel
            and (compared.period_grain = 'total' or compared.period_start = singles.period_start)

)

select * from final
