-- Grain: one row per friction point: a touchpoint (interaction on a channel) or a hand-off (from
-- one channel to another) of decided journeys to an order.
with

points as (

    select * from {{ ref('int_journeys__friction_points') }}

),

channel_feedback as (

    select * from {{ ref('int_journeys__channel_feedback') }}

),

fixes as (

    select * from {{ ref('friction_fixes') }}

),

journeys as (

    select * from {{ ref('fct_journeys') }}

),

goals as (

    select * from {{ ref('goals') }}

),

conversions as (

    select
        cast(coalesce(sum(journeys.revenue_amount), 0) as double) / nullif(count(*), 0)
            as revenue_per_conversion
    from journeys
    inner join goals
        on journeys.goal = goals.goal
    where
        goals.kind = 'order'
        and journeys.outcome = 'converted'

),

informed as (

    select
        points.*,
        case
            when points.point_type = 'touchpoint'
                then concat(points.channel, ': ', points.interaction)
            else concat(points.from_channel, ' > ', points.channel)
        end as friction_point,
        coalesce(conversions.revenue_per_conversion, 0) as revenue_per_conversion,
        channel_feedback.feedback_score,
        coalesce(channel_feedback.score_count, 0) as feedback_count,
        channel_feedback.topics as feedback_topics,
        coalesce(fixes.effort, usual_fixes.effort) as effort,
        coalesce(fixes.owner, usual_fixes.owner) as owner
    from points
    cross join conversions
    left join channel_feedback
        on points.channel = channel_feedback.channel
    left join fixes
        on points.point_type = fixes.point_type
            and points.fix_name = fixes.name
    left join fixes as usual_fixes
        on points.point_type = usual_fixes.point_type
            and usual_fixes.name = '*'

),

explained as (

    select
        *,
        cast(
            traffic * (drop_off_rate - benchmark_rate) * revenue_per_conversion as decimal(18, 4)
        ) as lost_revenue_estimate,
        case
            when unknown_share >= 0.5 then 'identity'
            when feedback_count >= 5 and feedback_score < 0.6 then 'quality'
            when point_type = 'hand_off' and median_lag_s > 2 * benchmark_lag_s then 'timing'
            when point_type = 'hand_off' then 'routing'
            else 'content'
        end as cause
    from informed

),

final as (

    select
        friction_point,
        point_type,
        from_channel,
        channel,
        interaction,
        benchmark_group,
        cast(traffic as bigint) as traffic,
        drop_off_rate,
        benchmark_rate,
        revenue_per_conversion,
        lost_revenue_estimate,
        feedback_score,
        cast(feedback_count as bigint) as feedback_count,
        feedback_topics,
        unknown_share,
        cause,
        case
            when effort = 'low' and traffic >= usual_traffic and cause <> 'identity'
                then 'quick_win'
            else 'structural'
        end as kind,
        effort,
        owner,
        cast(
            row_number() over (
                order by lost_revenue_estimate desc, traffic desc, friction_point asc
            ) as int
        ) as priority_rank
    from explained

)

select * from final
