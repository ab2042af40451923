-- Grain: one row per goal, transform and path: the path_top_count that most decided journeys took,
-- and one row, (other), for the rest.
with

journeys as (

    select * from {{ ref('fct_journeys') }}
    where is_mature

),

transformed as (

    {% for transform in path_transforms() %}
        select
            goal,
            '{{ transform }}' as transform,
            {{ path_transform(transform, 'path') }} as steps,
            outcome,
            revenue_amount,
            time_to_conversion_s
        from journeys
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

counted as (

    select
        goal,
        transform,
        steps,
        count(*) as journey_count,
        sum(case when outcome = 'converted' then 1 else 0 end) as conversion_count,
        sum(coalesce(revenue_amount, 0)) as revenue_amount,
        sum(coalesce(time_to_conversion_s, 0)) as conversion_seconds
    from transformed
    group by goal, transform, steps

),

ranked as (

    select
        *,
        row_number() over (
            partition by goal, transform
            order by journey_count desc, conversion_count desc, {{ path_text('steps') }}
        ) as path_number
    from counted

),

shown as (

    select
        goal,
        transform,
        least(path_number, {{ setting('path_top_count') }} + 1) as path_rank,
        case
            when path_number <= {{ setting('path_top_count') }} then {{ path_text('steps') }}
            else '(other)'
        end as path,
        case
            when path_number <= {{ setting('path_top_count') }} then {{ list_length('steps') }}
        end as step_count,
        journey_count,
        conversion_count,
        revenue_amount,
        conversion_seconds
    from ranked

),

final as (

    select
        goal,
        transform,
        cast(path_rank as bigint) as path_rank,
        path,
        cast(max(step_count) as bigint) as step_count,
        cast(sum(journey_count) as bigint) as journey_count,
        cast(sum(conversion_count) as bigint) as conversion_count,
        cast(sum(revenue_amount) as decimal(18, 4)) as revenue_amount,
        cast(sum(conversion_count) as double) / sum(journey_count) as conversion_rate,
        sum(conversion_seconds) / nullif(sum(conversion_count), 0) as mean_time_to_conversion_s
    from shown
    group by goal, transform, path_rank, path

)

select * from final
