-- Grain: one row per person that an edge which the graph holds back would join with another, with
-- the smallest number of those whom they would make together.
with

edges as (

    select
        identifier_a,
        identifier_b
    from {{ ref('edges') }}
    where status in ('pending', 'limit')

),

ends as (

    -- the identifiers of these few edges first: there are a thousand times more
    select identifier_a as identifier_key from edges
    union
    select identifier_b as identifier_key from edges

),

persons as (

    select
        identifier_key,
        {{ person_number('person_id') }} as person_number
    from {{ ref('int_identity__identifiers') }}
    where
        person_id is not null
        and identifier_key in (select identifier_key from ends)

)

select
    persons_a.person_number as vertex_a,
    persons_b.person_number as vertex_b,
    row_number() over (order by edges.identifier_a, edges.identifier_b) as edge_number
from edges
inner join persons as persons_a
    on edges.identifier_a = persons_a.identifier_key
inner join persons as persons_b
    on edges.identifier_b = persons_b.identifier_key
