-- Grain: one row per cutoff and person with an engagement known by then.
-- A visit is a burst of engagement: a pause longer than the session gap begins the next one. Cut on
-- the person as known at the cutoff, because nothing else is sure to have been known then.
with

touches as (

    select * from {{ ref('int_features__known_touches') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

engaged as (

    select
        touches.cutoff_at,
        touches.person_id,
        touches.occurred_at,
        touches.age_days,
        lag(touches.occurred_at) over (
            partition by touches.cutoff_at, touches.person_id
            order by touches.occurred_at, touches.source, touches.touchpoint_id
        ) as previous_at
    from touches
    inner join interactions
        on touches.interaction = interactions.interaction
    where
        touches.is_engagement
        and touches.direction = 'inbound'
        and interactions.is_attribution_touch

),

visits as (

    select *
    from engaged
    where
        previous_at is null
        or {{ seconds_between('previous_at', 'occurred_at') }}
        > 60 * {{ setting('session_gap_minutes') }}

),

final as (

    select
        cutoff_at,
        person_id,
    {% for window in feature_windows() %}
        sum(case when age_days <= {{ window }} then 1 else 0 end)
            as session_count_{{ window }}d{{ ',' if not loop.last }}
    {% endfor %}
    from visits
    group by cutoff_at, person_id

)

select * from final
