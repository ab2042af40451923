-- Grain: one row per conversion and touch that counts for it:
-- 0 <= converted_at - occurred_at <= lookback, in seconds; equal times count as before.
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

final as (

    select
        conversions.goal,
        conversions.conversion_key,
        conversions.person_id,
        conversions.converted_at,
        touches.touch_key,
        touches.occurred_at,
        touches.channel,
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
