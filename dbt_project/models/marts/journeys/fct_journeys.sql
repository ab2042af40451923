-- Grain: one row per journey: a person's touches up to a conversion, or up to silence.
-- With nothing new, an open journey is lost once its lookback is over: the only row that moves with
-- as_of alone.
{% call touched() %}
    select person_id from {{ changes(ref('int_journeys__journey_touches')) }}
    union all
    select person_id from {{ changes(ref('int_journeys__conversions')) }}
    union all
    select person_id from {{ this }}
    where
        outcome = 'open'
        and {{ seconds_between('ended_at', as_of()) }} > 86400 * {{ setting('lookback_days') }}
{% endcall %}
with

journey_touches as (

    {{ touched_rows(ref('int_journeys__journey_touches')) }}

),

conversions as (

    {{ touched_rows(ref('int_journeys__conversions')) }}

),

journeys as (

    select
        journey_id,
        goal,
        person_id,
        conversion_key,
        min(occurred_at) as started_at,
        max(occurred_at) as last_touch_at,
        {{ sorted_rows(['touch_position', 'channel', 'occurred_at']) }} as steps,
        count(*) as touch_count,
        count(distinct channel) as channel_count
    from journey_touches
    group by journey_id, goal, person_id, conversion_key

),

outcomes as (

    select
        *,
        case
            when conversion_key is not null
                then 'converted'
            when
                {{ seconds_between('last_touch_at', as_of()) }}
                <= 86400 * {{ setting('lookback_days') }}
                then 'open'
            else 'lost'
        end as outcome
    from journeys

),

final as (

    select
        outcomes.journey_id,
        outcomes.person_id,
        outcomes.started_at,
        coalesce(conversions.converted_at, outcomes.last_touch_at) as ended_at,
        outcomes.outcome,
        outcomes.goal,
        outcomes.conversion_key,
        conversions.order_key as conversion_order_key,
        conversions.order_id as conversion_order_id,
        conversions.source as conversion_source,
        conversions.revenue_amount,
        {{ column_of_rows('outcomes.steps', 2) }} as path,
        {{ column_of_rows('outcomes.steps', 3) }} as touched_at,
        cast(outcomes.touch_count as bigint) as touch_count,
        cast(outcomes.channel_count as bigint) as channel_count,
        cast(
            {{ seconds_between('outcomes.started_at', 'conversions.converted_at') }} as double
        ) as time_to_conversion_s,
        outcomes.outcome <> 'open' as is_mature
    from outcomes
    left join conversions
        on outcomes.conversion_key = conversions.conversion_key

)

select * from final
