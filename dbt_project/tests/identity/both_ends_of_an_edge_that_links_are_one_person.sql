-- Prevents: an edge that is said to hold a person together, but joins two (a split by a half-
-- finished components step, or a hub that still links).
{{ config(meta={'dagster': {'ref': {'name': 'edges'}}}) }}
select
    edges.edge_id,
    edges.status,
    ends_a.person_id as person_a,
    ends_b.person_id as person_b
from {{ ref('edges') }} as edges
left join {{ ref('identifier_person') }} as ends_a
    on edges.identifier_a = ends_a.identifier_key and ends_a.is_current
left join {{ ref('identifier_person') }} as ends_b
    on edges.identifier_b = ends_b.identifier_key and ends_b.is_current
where
    (edges.status in ('kept', 'manual') or edges.is_tree_edge)
    and (ends_a.person_id = ends_b.person_id) is not true
