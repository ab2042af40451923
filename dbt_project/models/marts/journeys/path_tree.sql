-- Grain: one row per goal and node of the tree of paths.
-- Level by level: a prefix is in the tree if all before it are shown by name. Children that are not
-- shown are one node, (other), so that children always sum to their parent.
with

prefixes as (

    select * from {{ ref('int_journeys__path_prefixes') }}

),

level_1 as (

    select * from prefixes
    where depth = 1

),

{% for level in range(2, 11) %}
    level_{{ level }} as (

        select prefixes.*
        from prefixes
        inner join level_{{ level - 1 }} as parents
            on prefixes.goal = parents.goal
                and prefixes.parent_path = parents.path
        where
            prefixes.depth = {{ level }}
            and parents.is_kept

    ),

{% endfor %}
levels as (

    {% for level in range(1, 11) %}
        select * from level_{{ level }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

roots as (

    select
        goal,
        cast(0 as bigint) as depth,
        '(start)' as path,
        cast(null as {{ string_type() }}) as parent_path,
        '(start)' as node,
        sum(journey_count) as journey_count,
        sum(conversion_count) as conversion_count,
        sum(revenue_amount) as revenue_amount
    from level_1
    group by goal

),

shown as (

    select
        goal,
        depth,
        case when is_kept then path else concat(parent_path, ' > (other)') end as path,
        parent_path,
        case when is_kept then node else '(other)' end as node,
        journey_count,
        conversion_count,
        revenue_amount
    from levels

),

nodes as (

    select * from roots
    union all
    select
        goal,
        depth,
        path,
        parent_path,
        node,
        sum(journey_count) as journey_count,
        sum(conversion_count) as conversion_count,
        sum(revenue_amount) as revenue_amount
    from shown
    group by goal, depth, path, parent_path, node

),

final as (

    select
        nodes.goal,
        cast(nodes.depth as bigint) as depth,
        nodes.path,
        nodes.parent_path,
        nodes.node,
        cast(nodes.journey_count as bigint) as journey_count,
        cast(nodes.conversion_count as bigint) as conversion_count,
        cast(nodes.revenue_amount as decimal(18, 4)) as revenue_amount,
        cast(nodes.conversion_count as double) / nodes.journey_count as conversion_rate,
        cast(nodes.journey_count as double) / parents.journey_count as share_of_parent
    from nodes
    left join nodes as parents
        on nodes.goal = parents.goal
            and nodes.parent_path = parents.path

)

select * from final
