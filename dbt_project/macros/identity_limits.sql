{# Step 5 of a resolution: limits on what one person may hold. See limited_clusters.sql for the method. #}

{# How many vertices of a kind may share a cluster: one row per vertex and limit.
     max_per_person   of the vertex's type; of a type that is unique only proven values count, because
                      an unproven one may be a guess or a second account
     never_merge      the two identifiers of a steward's rule
   What a steward merged is not counted by type: the steward knows better than the limit. #}
{% macro identity_limits(vertices) -%}
    select
        vertices.vertex_id,
        vertices.identifier_type as limit_name,
        case when identifier_types.is_unique then 1 else identifier_types.max_per_person end
            as max_count,
        1 as held_count
    from {{ vertices }} as vertices
    inner join {{ ref('identifier_types') }} as identifier_types
        on identifier_types.identifier_type = vertices.identifier_type
    left join (
        select identifier_keys.identifier_number
        from {{ ref('int_identity__keys') }} as identifier_keys
        inner join {{ ref('int_identity__manual_rules') }} as manual_rules
            on identifier_keys.identifier_key in (
                manual_rules.identifier_key_a, manual_rules.identifier_key_b
            )
        where manual_rules.rule = 'always_merge'
        group by identifier_keys.identifier_number
    ) as vouched on vouched.identifier_number = vertices.identifier_number
    where
        vouched.identifier_number is null
        and (
            (identifier_types.is_unique and vertices.is_proven)
            or (not identifier_types.is_unique and identifier_types.max_per_person is not null)
        )
    union all
    select
        vertices.vertex_id,
        concat('rule ', manual_rules.rule_id) as limit_name,
        1 as max_count,
        1 as held_count
    from {{ ref('int_identity__manual_rules') }} as manual_rules
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on identifier_keys.identifier_key in (
            manual_rules.identifier_key_a, manual_rules.identifier_key_b
        )
    inner join {{ vertices }} as vertices
        on vertices.identifier_number = identifier_keys.identifier_number
    where manual_rules.rule = 'never_merge'
{%- endmacro %}

{# The edges of components that break a limit, best first: by a steward, of stronger types, seen later,
   with more evidence. #}
{% macro identity_limited_edges(links, vertices, components) -%}
with

limits as (

    {{ identity_limits(vertices) | indent(4) }}

),

breaking as (

    select
        components.component_id,
        limits.limit_name
    from {{ components }} as components
    inner join limits on limits.vertex_id = components.vertex_id
    group by components.component_id, limits.limit_name
    having count(*) > max(limits.max_count)

),

members as (

    select vertex_id from {{ components }}
    where component_id in (select component_id from breaking)

),

final as (

    select
        links.edge_number,
        row_number() over (
            order by
                case when links.status = 'manual' then 0 else 1 end, links.weaker_rank,
                links.last_seen_at desc, links.evidence_count desc, links.edge_number,
                links.cutoff_at
        ) as edge_order,
        vertices_a.vertex_id as vertex_a,
        vertices_b.vertex_id as vertex_b
    {{ from_linked_vertices(links, vertices) }}
        and vertices_a.vertex_id in (select vertex_id from members)

)

select * from final
{%- endmacro %}
