-- Grain: one row per conversion, touch and model that gives the touch credit.
-- A further heuristic model is a further branch here; conservation is the caller's.
with

journey_touches as (

    select * from {{ ref('int_journeys__journey_touches') }}

),

converting as (

    select * from journey_touches
    where conversion_key is not null

),

final as (

    select
        'first' as model,
        conversion_key,
        touch_key,
        touch_position,
        touch_count,
        cast(1 as double) as credit
    from converting
    where touch_position = 1
    union all
    select
        'last' as model,
        conversion_key,
        touch_key,
        touch_position,
        touch_count,
        cast(1 as double) as credit
    from converting
    where touch_position = touch_count
    union all
    select
        'linear' as model,
        conversion_key,
        touch_key,
        touch_position,
        touch_count,
        cast(1 as double) / touch_count as credit
    from converting

)

select * from final
