-- Grain: one row per conversion and touch that counts for it:
-- 0 <= converted_at - occurred_at <= lookback, in seconds; equal times count as before.
-- What reaches a goal is no touch on the way to that goal: a sign-up does not explain sign-ups.
{%- set counts %}
touches.occurred_at <= conversions.converted_at
        and {{ seconds_between('touches.occurred_at', 'conversions.converted_at') }}
        <= 86400 * {{ setting('lookback_days') }}
        and (
            conversions.previous_converted_at is null
            or touches.occurred_at > conversions.previous_converted_at
            or not {{ setting('reset_on_conversion') }}
        )
{%- endset %}
{% call touched() %}
    select person_id from {{ changes(ref('int_journeys__touches')) }}
    union all
    select person_id from {{ changes(ref('int_journeys__conversions')) }}
{% endcall %}
with

touches as (

    {{ touched_rows(ref('int_journeys__touches')) }}

),

conversions as (

    {{ touched_rows(ref('int_journeys__conversions')) }}

),

order_touches as (

    select
        conversions.goal,
        conversions.conversion_key,
        conversions.person_id,
        conversions.converted_at,
        touches.touch_key,
        touches.occurred_at,
        touches.channel,
        touches.touch_number,
        touches.touch_number as journey_number
    from conversions
    inner join touches
        on conversions.person_id = touches.person_id
    where
        conversions.touch_key is null
        and {{ counts }}

),

reaching_touches as (

    select
        goal,
        touch_key
    from {{ ref('int_journeys__conversions') }}
    where touch_key is not null

),

goal_touches as (

    select
        conversions.goal,
        conversions.conversion_key,
        conversions.person_id,
        conversions.converted_at,
        touches.touch_key,
        touches.occurred_at,
        touches.channel,
        touches.touch_number,
        reaching_touches.touch_key is not null as reaches_goal
    from conversions
    inner join touches
        on conversions.person_id = touches.person_id
    left join reaching_touches
        on conversions.goal = reaching_touches.goal
            and touches.touch_key = reaching_touches.touch_key
    where
        conversions.touch_key is not null
        and {{ counts }}

),

numbered as (

    select
        *,
        touch_number - sum(case when reaches_goal then 1 else 0 end) over (
            partition by conversion_key order by touch_number
            rows between unbounded preceding and current row
        ) as journey_number
    from goal_touches

),

final as (

    select * from order_touches
    union all
    select
        goal,
        conversion_key,
        person_id,
        converted_at,
        touch_key,
        occurred_at,
        channel,
        touch_number,
        cast(journey_number as bigint) as journey_number
    from numbered
    where not reaches_goal

)

select * from final
