-- Grain: one row per goal, period_grain (month, total), period_start, from-channel and to-channel.
-- Every decided journey goes from (start) over its touches to (conversion) or (lost), in the month
-- in which it ended: so what goes into a channel comes out of it, in every period.
with

journeys as (

    select
        goal,
        {{ month_start(local_time('ended_at', setting('timezone'))) }} as month_start,
        outcome,
        path,
        touched_at,
        touch_count,
        ended_at
    from {{ ref('fct_journeys') }}

),

bounds as (

    select
        min(month_start) as first_month,
        max(month_start) as last_month
    from journeys
    where outcome <> 'open'

),

open_months as (

    select
        goal,
        month_start,
        count(*) as open_count
    from journeys
    where outcome = 'open'
    group by goal, month_start

),

stepped as (

    select
        *,
        {{ rows_numbered_to('touch_count + 1') }} as step
    from journeys
    where outcome <> 'open'

),

moves as (

    select
        goal,
        month_start,
        case when step = 1 then '(start)' else {{ list_item('path', 'step - 1') }} end
            as from_channel,
        case
            when step <= touch_count then {{ list_item('path', 'step') }}
            when outcome = 'converted' then '(conversion)'
            else '(lost)'
        end as to_channel,
        -- from nowhere and into nothing takes no time
        case
            when step = 1 or (step > touch_count and outcome = 'lost') then null
            else {{ seconds_between(
                list_item('touched_at', 'step - 1'),
                'coalesce(' ~ list_item('touched_at', 'step') ~ ', ended_at)'
            ) }}
        end as lag_s,
        case when outcome = 'converted' then 1 else 0 end as converts,
        case when step = touch_count and outcome = 'lost' then 1 else 0 end as drops_off,
        case when step < touch_count then 1 else 0 end as engages_again
    from stepped

),

counted as (

    select
        goal,
        case when grouping(month_start) = 1 then 'total' else 'month' end as period_grain,
        month_start,
        from_channel,
        to_channel,
        count(*) as transition_count,
        sum(converts) as conversion_count,
        sum(drops_off) as drop_off_count,
        sum(engages_again) as repeat_count,
        median(lag_s) as median_lag_s
    from moves
    group by grouping sets (
        (goal, month_start, from_channel, to_channel), (goal, from_channel, to_channel)
    )

),

departures as (

    select
        *,
        sum(transition_count) over (
            partition by goal, period_grain, month_start, from_channel
        ) as departure_count,
        sum(conversion_count) over (
            partition by goal, period_grain, month_start, from_channel
        ) as converting_departure_count
    from counted

),

dated as (

    select
        departures.*,
        coalesce(departures.month_start, bounds.first_month) as period_start,
        last_day(coalesce(departures.month_start, bounds.last_month)) as period_end,
        departures.to_channel not in ('(conversion)', '(lost)') as is_hand_off
    from departures
    cross join bounds

),

unfinished as (

    select
        goal,
        'month' as period_grain,
        month_start as period_start
    from open_months
    union all
    select distinct
        open_months.goal,
        'total' as period_grain,
        bounds.first_month as period_start
    from open_months
    cross join bounds

),

final as (

    select
        dated.goal,
        dated.period_grain,
        dated.period_start,
        dated.period_end,
        dated.from_channel,
        dated.to_channel,
        cast(dated.transition_count as bigint) as transition_count,
        cast(dated.conversion_count as bigint) as conversion_count,
        cast(dated.median_lag_s as double) as median_lag_s,
        cast(dated.transition_count as double) / cast(dated.departure_count as double)
            as transition_rate,
        cast(dated.conversion_count as double) / dated.transition_count as conversion_rate_after,
        case
            when dated.is_hand_off
                then cast(dated.drop_off_count as double) / dated.transition_count
        end as drop_off_rate,
        case
            when dated.is_hand_off
                then cast(dated.repeat_count as double) / dated.transition_count
        end as repeat_engagement_rate,
        case
            when dated.is_hand_off
                then cast(dated.conversion_count as double) / dated.transition_count
                    * cast(dated.departure_count as double)
                    / nullif(cast(dated.converting_departure_count as double), 0)
        end as lift,
        unfinished.goal is null as is_mature
    from dated
    left join unfinished
        on dated.goal = unfinished.goal
            and dated.period_grain = unfinished.period_grain
            and dated.period_start = unfinished.period_start

)

select * from final
