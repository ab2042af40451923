-- Grain: one row per goal and touch that counts for no conversion of that goal, with the first
-- touch of its journey. Such touches are cut at conversions and at gaps longer than the lookback.
-- What reaches the goal is no touch of it.
-- A conversion between two of them shows without being looked up: either a touch that counts for
-- it, or that it is, lies between them (their numbers do not follow one another), or the earlier
-- one lies further back from it, and from what came after it, than the lookback.
{%- set in_order = 'partition by goal, person_id order by touch_number' %}
{% call touched() %}
    select person_id from {{ changes(ref('int_journeys__touches')) }}
    union all
    select person_id from {{ changes(ref('int_journeys__conversion_touches')) }}
    union all
    select person_id from {{ changes(ref('int_journeys__conversions')) }}
{% endcall %}
with

touches as (

    {{ touched_rows(ref('int_journeys__touches')) }}

),

goals as (

    select * from {{ ref('goals') }}

),

conversion_touches as (

    {{ touched_rows(ref('int_journeys__conversion_touches')) }}

),

taken as (

    select
        goal,
        touch_key
    from conversion_touches
    union all
    select
        goal,
        touch_key
    from {{ ref('int_journeys__conversions') }}
    where touch_key is not null

),

unconverted as (

    select
        goals.goal,
        touches.person_id,
        touches.touch_key,
        touches.occurred_at,
        touches.channel,
        touches.touch_number,
        touches.previous_at
    from touches
    cross join goals
    left join taken
        on goals.goal = taken.goal
            and touches.touch_key = taken.touch_key
    where
        goals.is_conversion
        and taken.touch_key is null

),

followed as (

    select
        *,
        lag(touch_number) over ({{ in_order }}) as previous_number
    from unconverted

),

cut as (

    select
        *,
        case
            when
                previous_number is null
                or touch_number > previous_number + 1
                or {{ seconds_between('previous_at', 'occurred_at') }}
                > 86400 * {{ setting('lookback_days') }}
                then touch_number
        end as begins_at
    from followed

),

final as (

    select
        goal,
        person_id,
        touch_key,
        occurred_at,
        channel,
        touch_number,
        {{ last_known('begins_at') }} over (
            {{ in_order }} rows between unbounded preceding and current row
        ) as first_touch_number
    from cut

)

select * from final
