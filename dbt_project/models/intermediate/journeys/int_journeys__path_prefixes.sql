-- Grain: one row per goal and beginning of a path: so many steps, of so many decided journeys.
-- A path that is over before path_tree_depth has one step more, (end). What is kept of the children
-- of a prefix (the path_tree_width that most journeys take, and the end) the tree shows by name.
with

journeys as (

    select
        goal,
        {{ path_transform_by_setting('path_tree_transform', 'path') }} as steps,
        outcome,
        revenue_amount
    from {{ ref('fct_journeys') }}
    where is_mature

),

cut as (

    select
        goal,
        case
            when {{ list_length('steps') }} < {{ setting('path_tree_depth') }}
                then {{ list_append('steps', "'(end)'") }}
            else {{ list_head('steps', setting('path_tree_depth')) }}
        end as steps,
        outcome,
        revenue_amount
    from journeys

),

paths as (

    select
        goal,
        steps,
        count(*) as journey_count,
        sum(case when outcome = 'converted' then 1 else 0 end) as conversion_count,
        sum(coalesce(revenue_amount, 0)) as revenue_amount
    from cut
    group by goal, steps

),

expanded as (

    select
        *,
        {{ rows_numbered_to(list_length('steps')) }} as depth
    from paths

),

beginning as (

    select
        goal,
        depth,
        {{ list_head('steps', 'depth') }} as steps,
        journey_count,
        conversion_count,
        revenue_amount
    from expanded

),

prefixes as (

    select
        goal,
        depth,
        steps,
        sum(journey_count) as journey_count,
        sum(conversion_count) as conversion_count,
        sum(revenue_amount) as revenue_amount
    from beginning
    group by goal, depth, steps

),

named as (

    select
        goal,
        depth,
        concat('(start) > ', {{ path_text('steps') }}) as path,
        case
            when depth = 1 then '(start)'
            else concat('(start) > ', {{ path_text(list_head('steps', 'depth - 1')) }})
        end as parent_path,
        {{ list_item('steps', 'depth') }} as node,
        journey_count,
        conversion_count,
        revenue_amount
    from prefixes

),

ranked as (

    select
        *,
        row_number() over (
            partition by goal, parent_path
            order by
                case when node = '(end)' then 1 else 0 end asc,
                journey_count desc,
                conversion_count desc,
                path asc
        ) as child_rank
    from named

),

final as (

    select
        goal,
        depth,
        path,
        parent_path,
        node,
        cast(journey_count as bigint) as journey_count,
        cast(conversion_count as bigint) as conversion_count,
        cast(revenue_amount as decimal(18, 4)) as revenue_amount,
        node = '(end)' or child_rank <= {{ setting('path_tree_width') }} as is_kept
    from ranked

)

select * from final
