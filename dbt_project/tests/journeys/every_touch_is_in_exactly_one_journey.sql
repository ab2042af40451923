-- Touches of converters after their last order used to be dropped, and with them most of what
-- marketing spends: every touch is in one journey per goal (in several only where the tenant has
-- switched reset_on_conversion off; in none where it is what reached the goal), and the journeys'
-- counts are the touches'.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journeys'}}}) }}
with

goals as (

    select goal from {{ ref('goals') }}
    where is_conversion

),

placed as (

    select
        goal,
        touch_key,
        count(*) as journey_count
    from {{ ref('int_journeys__journey_touches') }}
    group by goal, touch_key

),

reaching as (

    select
        goal,
        touch_key
    from {{ ref('int_journeys__conversions') }}
    where touch_key is not null

),

misplaced as (

    select
        goals.goal,
        {{ row_key_text('touches.touch_key') }} as what,
        coalesce(placed.journey_count, 0) as found_count
    from {{ ref('int_journeys__touches') }} as touches
    cross join goals
    left join placed
        on goals.goal = placed.goal
            and touches.touch_key = placed.touch_key
    left join reaching
        on goals.goal = reaching.goal
            and touches.touch_key = reaching.touch_key
    where
        (placed.journey_count is null) <> (reaching.touch_key is not null)
        or (placed.journey_count > 1 and {{ setting('reset_on_conversion') }})

),

counted as (

    select coalesce(sum(touch_count), 0) as touch_count from {{ ref('fct_journeys') }}

),

listed as (

    select count(*) as touch_count from {{ ref('int_journeys__journey_touches') }}

)

select * from misplaced
union all
select
    '(all)' as goal,
    'touch_count of fct_journeys' as what,
    counted.touch_count as found_count
from counted
cross join listed
where counted.touch_count <> listed.touch_count
