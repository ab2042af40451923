-- The first complaint about path charts elsewhere is that their numbers do not match: here children
-- sum to their parent, a shown node above full depth has children, and (start) is all that was
-- decided.
{{ config(meta={'dagster': {'ref': {'name': 'path_tree'}}}) }}
with

nodes as (

    select * from {{ ref('path_tree') }}

),

children as (

    select
        goal,
        parent_path,
        sum(journey_count) as journey_count,
        sum(conversion_count) as conversion_count,
        sum(revenue_amount) as revenue_amount
    from nodes
    where depth > 0
    group by goal, parent_path

),

decided as (

    select
        goal,
        count(*) as journey_count,
        sum(case when outcome = 'converted' then 1 else 0 end) as conversion_count,
        sum(coalesce(revenue_amount, 0)) as revenue_amount
    from {{ ref('fct_journeys') }}
    where is_mature
    group by goal

),

roots as (

    select * from nodes
    where depth = 0

)

select
    nodes.goal,
    nodes.path,
    nodes.journey_count,
    children.journey_count as other_count
from nodes
left join children
    on nodes.goal = children.goal
        and nodes.path = children.parent_path
where
    nodes.node not in ('(end)', '(other)')
    and nodes.depth < {{ setting('path_tree_depth') }}
    and (
        nodes.journey_count = children.journey_count
        and nodes.conversion_count = children.conversion_count
        and nodes.revenue_amount = children.revenue_amount
    ) is not true
union all
select
    coalesce(roots.goal, decided.goal) as goal,
    '(start)' as path,
    roots.journey_count,
    decided.journey_count as other_count
from roots
full outer join decided
    on roots.goal = decided.goal
where
    (
        roots.journey_count = decided.journey_count
        and roots.conversion_count = decided.conversion_count
        and roots.revenue_amount = decided.revenue_amount
    ) is not true
union all
select
    children.goal,
    children.parent_path as path,
    null as journey_count,
    children.journey_count as other_count
from children
left join nodes
    on children.goal = nodes.goal
        and children.parent_path = nodes.path
where nodes.path is null
