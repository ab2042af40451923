-- Grain: one row per conversion and touch that counts for it:
-- 0 <= converted_at - occurred_at <= lookback, in seconds; equal times count as before.
with

touches as (

    select * from {{ ref('int_journeys__touches') }}

),

conversions as (

    select * from {{ ref('int_journeys__conversions') }}

),

final as (

    select
        conversions.goal,
        conversions.conversion_key,
        conversions.person_id,
        conversions.converted_at,
        touches.touchpoint_key,
        touches.occurred_at,
        touches.touch_number
    from conversions
    inner join touches
        on conversions.person_id = touches.person_id
    where
        touches.occurred_at <= conversions.converted_at
        and {{ seconds_between('touches.occurred_at', 'conversions.converted_at') }}
        <= 86400 * {{ setting('lookback_days') }}
        and (
            conversions.previous_converted_at is null
            or touches.occurred_at > conversions.previous_converted_at
            or not {{ setting('reset_on_conversion') }}
        )

)

select * from final
