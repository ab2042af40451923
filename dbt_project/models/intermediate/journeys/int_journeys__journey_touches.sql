-- Grain: one row per journey and touch, in order.
with

touches as (

    select * from {{ ref('int_journeys__touches') }}

),

conversion_touches as (

    select * from {{ ref('int_journeys__conversion_touches') }}

),

unconverted_touches as (

    select * from {{ ref('int_journeys__unconverted_touches') }}

),

journey_touches as (

    select
        goal,
        person_id,
        conversion_key,
        touchpoint_key,
        touch_number,
        min(touch_number) over (partition by conversion_key) as first_touch_number
    from conversion_touches
    union all
    select
        goal,
        person_id,
        cast(null as {{ string_type() }}) as conversion_key,
        touchpoint_key,
        touch_number,
        first_touch_number
    from unconverted_touches

),

first_touches as (

    select
        *,
        max(case when touch_number = first_touch_number then touchpoint_key end) over (
            partition by goal, person_id, conversion_key, first_touch_number
        ) as first_touchpoint_key
    from journey_touches

),

named as (

    -- with reset_on_conversion off two journeys may begin with the same touch
    select
        *,
        {{ surrogate_key(['goal', 'first_touchpoint_key', 'conversion_key']) }} as journey_id
    from first_touches

),

final as (

    select
        named.journey_id,
        named.goal,
        named.person_id,
        named.conversion_key,
        named.touchpoint_key,
        touches.touchpoint_id,
        touches.source,
        touches.occurred_at,
        touches.channel,
        touches.campaign_id,
        row_number() over (
            partition by named.journey_id order by named.touch_number
        ) as touch_position,
        count(*) over (partition by named.journey_id) as touch_count
    from named
    inner join touches
        on named.touchpoint_key = touches.touchpoint_key

)

select * from final
