-- Drop-offs counted by touchpoint and journeys that were lost were two figures: every lost journey
-- to an order ends at one touchpoint, and every touch of a decided journey is traffic of one.
{{ config(meta={'dagster': {'ref': {'name': 'friction'}}}) }}
with

journeys as (

    select
        sum(touch_count) as touch_count,
        sum(case when outcome = 'lost' then 1 else 0 end) as lost_count
    from {{ ref('fct_journeys') }}
    where
        outcome <> 'open'
        and goal in (
            select goal from {{ ref('goals') }}
            where is_conversion and kind = 'order'
        )

),

touchpoints as (

    select
        sum(traffic) as touch_count,
        sum(drop_off_count) as lost_count
    from {{ ref('int_journeys__friction_touchpoints') }}

)

select
    journeys.touch_count,
    journeys.lost_count,
    touchpoints.touch_count as traffic,
    touchpoints.lost_count as drop_off_count
from journeys
cross join touchpoints
where
    coalesce(journeys.touch_count, 0) <> coalesce(touchpoints.touch_count, 0)
    or coalesce(journeys.lost_count, 0) <> coalesce(touchpoints.lost_count, 0)
