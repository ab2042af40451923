-- Grain: one row per journey and touch, in order.
-- The touches of a journey follow one another in their person's order: it has all that lie in a
-- stretch of time (but those that reach its goal). So positions are differences of numbers, and
-- nothing is sorted here.
{% call touched() %}
    select person_id from {{ changes(ref('int_journeys__conversion_touches')) }}
    union all
    select person_id from {{ changes(ref('int_journeys__unconverted_touches')) }}
{% endcall %}
with

touches as (

    {{ touched_rows(ref('int_journeys__touches')) }}

),

conversion_touches as (

    {{ touched_rows(ref('int_journeys__conversion_touches')) }}

),

unconverted_touches as (

    {{ touched_rows(ref('int_journeys__unconverted_touches')) }}

),

journeys as (

    select
        goal,
        person_id,
        conversion_key,
        min(touch_number) as first_touch_number,
        min(journey_number) as first_journey_number,
        count(*) as touch_count
    from conversion_touches
    group by goal, person_id, conversion_key
    union all
    select
        goal,
        person_id,
        cast(null as {{ string_type() }}) as conversion_key,
        first_touch_number,
        first_touch_number as first_journey_number,
        count(*) as touch_count
    from unconverted_touches
    group by goal, person_id, first_touch_number

),

named as (

    -- with reset_on_conversion off two journeys may begin with the same touch
    select
        journeys.*,
        {{ surrogate_key([
            'journeys.goal',
            row_key_text('touches.touch_key'),
            'journeys.conversion_key',
        ]) }} as journey_id
    from journeys
    inner join touches
        on journeys.person_id = touches.person_id
            and journeys.first_touch_number = touches.touch_number

),

final as (

    select
        named.journey_id,
        named.goal,
        named.person_id,
        named.conversion_key,
        conversion_touches.touch_key,
        conversion_touches.occurred_at,
        conversion_touches.channel,
        conversion_touches.journey_number - named.first_journey_number + 1 as touch_position,
        named.touch_count
    from conversion_touches
    inner join named
        on conversion_touches.conversion_key = named.conversion_key
    union all
    select
        named.journey_id,
        named.goal,
        named.person_id,
        named.conversion_key,
        unconverted_touches.touch_key,
        unconverted_touches.occurred_at,
        unconverted_touches.channel,
        unconverted_touches.touch_number - named.first_touch_number + 1 as touch_position,
        named.touch_count
    from unconverted_touches
    inner join named
        on unconverted_touches.goal = named.goal
            and unconverted_touches.person_id = named.person_id
            and unconverted_touches.first_touch_number = named.first_touch_number
            and named.conversion_key is null

)

select * from final
