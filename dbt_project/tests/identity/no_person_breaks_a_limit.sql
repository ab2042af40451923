-- Prevents: a person with more identifiers of a type than a person has, or two proven customers.
with

limits as (

    {{ identity_limits(ref('int_identity__vertices')) | indent(4) }}

)

select
    clusters.cluster_id,
    limits.limit_name,
    count(*) as held_count,
    max(limits.max_count) as max_count
from {{ ref('int_identity__clusters') }} as clusters
inner join limits
    on clusters.vertex_id = limits.vertex_id
group by clusters.cluster_id, limits.limit_name
having count(*) > max(limits.max_count)
