{# Links of the probabilistic pass (ops.probabilistic_links) as the weakest evidence of all: they join
   clusters that are whole already, best score first, and none that would break a limit. So what
   identifiers alone make never depends on them. See limited_clusters.sql for the method. #}

{# Rank of the edges of the pass: weaker than any identifier type (below 128: edge_number). #}
{% macro probable_rank() -%} 100 {%- endmacro %}

{# Subquery: the edges of the pass that no hub, blocked value or steward stands against. #}
{% macro identity_probable_links(edges) -%}
    (select * from {{ edges }} where status = 'probabilistic')
{%- endmacro %}

{# CTEs up to `joinable`: such edges between two clusters, and `members`, the vertices of these clusters.
   They start from the few edges: without any, nothing large is read. #}
{% macro identity_probable_ctes(links, vertices, components, limited) -%}
ends as (

    select
        links.edge_number,
        links.score,
        links.cutoff_at,
        vertices_a.vertex_id as vertex_a,
        vertices_b.vertex_id as vertex_b
    {{ from_linked_vertices(links, vertices) }}

),

placed as (

    select
        ends.edge_number,
        ends.score,
        ends.cutoff_at,
        coalesce(limited_a.cluster_id, components_a.component_id, ends.vertex_a) as cluster_a,
        coalesce(limited_b.cluster_id, components_b.component_id, ends.vertex_b) as cluster_b
    from ends
    left join {{ components }} as components_a on components_a.vertex_id = ends.vertex_a
    left join {{ components }} as components_b on components_b.vertex_id = ends.vertex_b
    left join {{ limited }} as limited_a on limited_a.vertex_id = ends.vertex_a
    left join {{ limited }} as limited_b on limited_b.vertex_id = ends.vertex_b

),

joinable as (

    select * from placed where cluster_a <> cluster_b

),

joinable_clusters as (

    select cluster_a as cluster_id from joinable
    union
    select cluster_b as cluster_id from joinable

),

members as (

    select vertex_id, component_id as cluster_id
    from {{ components }}
    where
        component_id in (select cluster_id from joinable_clusters)
        and vertex_id not in (select vertex_id from {{ limited }})
    union all
    select vertex_id, cluster_id
    from {{ limited }}
    where cluster_id in (select cluster_id from joinable_clusters)
    union all
    -- a vertex without an edge is a cluster of its own
    select cluster_id as vertex_id, cluster_id
    from joinable_clusters
    where
        cluster_id not in (select vertex_id from {{ components }})
        and cluster_id not in (select vertex_id from {{ limited }})

)
{%- endmacro %}

{# Limits block: what each of these clusters holds already. #}
{% macro identity_probable_limits(links, vertices, components, limited) -%}
    with

    {{ identity_probable_ctes(links, vertices, components, limited) }},

    member_vertices as (

        select vertices.*
        from {{ vertices }} as vertices
        inner join members on members.vertex_id = vertices.vertex_id

    ),

    held as (

        {{ identity_limits('member_vertices') }}

    )

    select
        members.cluster_id as vertex_id,
        held.limit_name,
        max(held.max_count) as max_count,
        sum(held.held_count) as held_count
    from held
    inner join members on members.vertex_id = held.vertex_id
    group by members.cluster_id, held.limit_name
{%- endmacro %}

{# The edges between clusters, the best score first. #}
{% macro identity_probable_edges(links, vertices, components, limited) -%}
with

{{ identity_probable_ctes(links, vertices, components, limited) }},

final as (

    select
        edge_number,
        row_number() over (order by score desc, edge_number, cutoff_at) as edge_order,
        cluster_a as vertex_a,
        cluster_b as vertex_b
    from joinable

)

select * from final
{%- endmacro %}

{# CTE probable: pairs of the pass, from when both contacts are known; the stronger identifier is a. #}
{% macro identity_probable_pairs(first_seen) -%}
probable as (

    select
        one.cutoff_at,
        pairs.number_a,
        pairs.number_b,
        greatest(one.observed_at, other.observed_at) as first_seen_at,
        greatest(one.loaded_at, other.loaded_at, pairs.known_from) as first_loaded_at,
        cast(null as {{ string_type() }}) as rule_id,
        pairs.score
    from {{ ref('int_identity__probable_pairs') }} as pairs
    inner join {{ first_seen }} as one on one.identifier_number = pairs.number_a
    inner join {{ first_seen }} as other
        on other.identifier_number = pairs.number_b
        and other.cutoff_at = one.cutoff_at
    where pairs.known_from < one.cutoff_at

)
{%- endmacro %}
