-- Grain: one row per pair of identifiers seen together.
{% call touched() %}
    select edge_id from {{ changes(ref('int_identity__edges')) }}
    union all
    select edge_id from {{ ref('int_identity__edges') }}
    where
        number_a in (select identifier_number from {{ changes(ref('int_identity__clusters')) }})
        or number_b in (select identifier_number from {{ changes(ref('int_identity__clusters')) }})
        or edge_number in (select edge_number from {{ changes(ref('int_identity__clusters')) }})
        or edge_number in (
            select owner_edge_number from {{ changes(ref('int_identity__clusters')) }}
        )
{% endcall %}
with

edges as (

    {{ touched_rows(ref('int_identity__edges')) }}

),

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

-- the edges that hooked a vertex inside its cluster, and the one by which a device cluster belongs
tree_edges as (

    select edge_number
    from clusters
    where edge_number is not null
    union
    select owner_edge_number as edge_number
    from clusters
    where owner_edge_number is not null

),

judged as (

    select
        edges.*,
        tree_edges.edge_number is not null as is_tree_edge,
        edges.status in ('kept', 'manual', 'probabilistic')
        and clusters_a.person_id <> clusters_b.person_id
            as links_several,
        edges.scope_a = edges.scope_b as is_within_scope
    from edges
    left join tree_edges on edges.edge_number = tree_edges.edge_number
    left join clusters as clusters_a on edges.number_a = clusters_a.identifier_number
    left join clusters as clusters_b on edges.number_b = clusters_b.identifier_number

),

final as (

    select
        edge_id,
        identifier_a,
        identifier_b,
        evidence_count,
        first_seen_at,
        last_seen_at,
        sources,
        case
            when links_several and is_within_scope then 'limit'
            when links_several then 'pending'
            when status = 'probabilistic' then 'kept'
            else status
        end as status,
        case
            when links_several and is_within_scope then 'together they would break a limit'
            when links_several then 'the device was used by several persons'
            else status_reason
        end as status_reason,
        case
            when score is not null then 'probabilistic'
            when evidence_count = 0 then 'manual'
            else 'record'
        end as edge_type,
        score,
        is_tree_edge,
        {{ identity_rule_version() }} as rule_version
    from judged

)

select * from final
