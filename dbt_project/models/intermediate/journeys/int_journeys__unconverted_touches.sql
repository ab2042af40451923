-- Grain: one row per goal and touch that counts for no conversion of that goal, with the first
-- touch of its journey. Such touches are cut at conversions and at gaps longer than the lookback.
with

touches as (

    select * from {{ ref('int_journeys__touches') }}

),

conversions as (

    select * from {{ ref('int_journeys__conversions') }}

),

goals as (

    select * from {{ ref('goals') }}

),

conversion_touches as (

    select distinct
        goal,
        touchpoint_key
    from {{ ref('int_journeys__conversion_touches') }}

),

unconverted as (

    select
        goals.goal,
        touches.person_id,
        touches.touchpoint_key,
        touches.occurred_at,
        touches.touch_number
    from touches
    cross join goals
    left join conversion_touches
        on goals.goal = conversion_touches.goal
            and touches.touchpoint_key = conversion_touches.touchpoint_key
    where
        goals.is_conversion
        and conversion_touches.touchpoint_key is null

),

timeline as (

    select
        goal,
        person_id,
        touchpoint_key,
        occurred_at,
        touch_number,
        0 as conversion_count
    from unconverted
    union all
    select
        goal,
        person_id,
        conversion_key as touchpoint_key,
        converted_at as occurred_at,
        cast(null as bigint) as touch_number,
        1 as conversion_count
    from conversions
    where person_id is not null

),

counted as (

    -- equal times count as before: the touch stays on this side of the conversion
    select
        *,
        sum(conversion_count) over (
            partition by goal, person_id
            order by occurred_at, conversion_count, touch_number, touchpoint_key
            rows between unbounded preceding and current row
        ) as conversions_before
    from timeline

),

timed as (

    select
        goal,
        person_id,
        touchpoint_key,
        occurred_at,
        touch_number,
        conversions_before,
        lag(occurred_at) over (
            partition by goal, person_id, conversions_before order by touch_number
        ) as previous_at
    from counted
    where conversion_count = 0

),

cut as (

    select
        *,
        sum(
            case
                when
                    {{ seconds_between('previous_at', 'occurred_at') }}
                    > 86400 * {{ setting('lookback_days') }}
                    then 1
                else 0
            end
        ) over (
            partition by goal, person_id, conversions_before order by touch_number
            rows between unbounded preceding and current row
        ) as gap_number
    from timed

),

final as (

    select
        goal,
        person_id,
        touchpoint_key,
        occurred_at,
        touch_number,
        min(touch_number) over (
            partition by goal, person_id, conversions_before, gap_number
        ) as first_touch_number
    from cut

)

select * from final
