{# The steps of one resolution (identity.md, steps 2 to 4), each a macro that writes a whole model.

   They are called twice: over the evidence known now, and over the evidence known at each feature
   cutoff. Every relation carries cutoff_at, and nothing ever joins across two cutoffs, so persons at a
   cutoff come from the same rules as persons now. What is resolved now has cutoff_at = as_of. #}

{# Evidence: one row per (cutoff_at, source, record_id, identifier_key); an identifier that a record
   gives in two spellings counts once. #}
{% macro identity_evidence(known_observations) -%}
    select
        cutoff_at,
        source,
        record_id,
        identifier_key,
        min(identifier_type) as identifier_type,
        min(scope) as scope,
        min(type_rank) as type_rank,
        min(hub_limit) as hub_limit,
        max(case when can_link then 1 else 0 end) = 1 as can_link,
        max(case when is_blocked then 1 else 0 end) = 1 as is_blocked,
        max(case when is_authenticated then 1 else 0 end) = 1 as is_authenticated,
        min(observed_at) as observed_at,
        min(loaded_at) as loaded_at
    from {{ known_observations }}
    where is_valid
    group by cutoff_at, source, record_id, identifier_key
{%- endmacro %}

{# Hubs: values seen with more distinct stronger person identifiers than their type allows. Partners
   are counted on the star: the record's strongest identifier stands for the record. #}
{% macro identity_hubs(evidence) -%}
with

candidates as (

    select * from {{ evidence }} where can_link

),

starred as (

    select
        cutoff_at,
        identifier_key,
        type_rank,
        hub_limit,
        first_value(identifier_key) over strongest_first as partner_key,
        first_value(type_rank) over strongest_first as partner_rank,
        first_value(scope) over strongest_first as partner_scope
    from candidates
    window strongest_first as (
        partition by cutoff_at, source, record_id order by type_rank, identifier_key
    )

),

final as (

    select
        cutoff_at,
        identifier_key,
        count(distinct partner_key) as partner_count,
        min(hub_limit) as hub_limit
    from starred
    where partner_scope = 'person' and partner_rank < type_rank and hub_limit is not null
    group by cutoff_at, identifier_key
    having count(distinct partner_key) > min(hub_limit)

)

select * from final
{%- endmacro %}

{# Edges: one row per (cutoff_at, identifier_a, identifier_b); a is the strongest of their records.
   Hubs and blocked values are never the centre of a star while the record has anything that links, so
   what a record says besides them is not lost. #}
{% macro identity_edges(evidence, hubs) -%}
with

evidence as (

    select
        evidence.*,
        hubs.identifier_key is not null as is_hub,
        evidence.can_link and hubs.identifier_key is null as is_linking
    from {{ evidence }} as evidence
    left join {{ hubs }} as hubs
        on hubs.cutoff_at = evidence.cutoff_at
        and hubs.identifier_key = evidence.identifier_key

),

starred as (

    select
        evidence.*,
        first_value(identifier_key) over linking_first as centre_key,
        first_value(type_rank) over linking_first as centre_rank,
        first_value(scope) over linking_first as centre_scope,
        first_value(is_linking) over linking_first as is_centre_linking,
        first_value(is_hub) over linking_first as is_centre_hub,
        first_value(is_blocked) over linking_first as is_centre_blocked
    from evidence
    window linking_first as (
        partition by cutoff_at, source, record_id
        order by case when is_linking then 0 else 1 end, type_rank, identifier_key
    )

),

pairs as (

    select
        cutoff_at,
        centre_key as identifier_a,
        identifier_key as identifier_b,
        centre_scope as scope_a,
        scope as scope_b,
        case when centre_rank > type_rank then centre_rank else type_rank end as weaker_rank,
        case
            when is_linking and is_centre_linking then 'kept'
            when is_hub or is_centre_hub then 'hub'
            else 'blocked'
        end as status,
        case
            when is_linking and is_centre_linking then null
            when is_hub or is_centre_hub then 'more distinct stronger identifiers than hub_limit'
            when is_blocked or is_centre_blocked then 'value is on the blocklist'
            else 'identifiers of this type link nobody'
        end as status_reason,
        source,
        observed_at,
        loaded_at,
        1 as evidence_weight
    from starred
    where identifier_key <> centre_key

),

linking as (

    select
        cutoff_at,
        identifier_key,
        min(scope) as scope,
        min(type_rank) as type_rank,
        min(observed_at) as observed_at,
        min(loaded_at) as loaded_at
    from evidence
    where is_linking
    group by cutoff_at, identifier_key

),

-- a rule of a steward counts from when both identifiers are known; the stronger one is a
ruled as (

    select
        one.cutoff_at,
        case when {{ is_stronger('one', 'other') }} then one.identifier_key
            else other.identifier_key end as identifier_a,
        case when {{ is_stronger('one', 'other') }} then other.identifier_key
            else one.identifier_key end as identifier_b,
        case when {{ is_stronger('one', 'other') }} then one.scope else other.scope end as scope_a,
        case when {{ is_stronger('one', 'other') }} then other.scope else one.scope end as scope_b,
        case when one.type_rank > other.type_rank then one.type_rank else other.type_rank end
            as weaker_rank,
        'manual' as status,
        concat('rule ', manual_rules.rule_id) as status_reason,
        'manual_rules' as source,
        greatest(one.observed_at, other.observed_at) as observed_at,
        greatest(one.loaded_at, other.loaded_at) as loaded_at,
        0 as evidence_weight
    from {{ ref('manual_rules') }} as manual_rules
    inner join linking as one on one.identifier_key = manual_rules.identifier_key_a
    inner join linking as other
        on other.identifier_key = manual_rules.identifier_key_b
        and other.cutoff_at = one.cutoff_at
    where manual_rules.rule = 'always_merge'

),

unioned as (

    select * from pairs
    union all
    select * from ruled

),

-- max() of status: 'manual' stands over 'kept'; every other status is the same for all records
grouped as (

    select
        cutoff_at,
        identifier_a,
        identifier_b,
        min(scope_a) as scope_a,
        min(scope_b) as scope_b,
        min(weaker_rank) as weaker_rank,
        max(status) as status,
        max(status_reason) as status_reason,
        cast(sum(evidence_weight) as bigint) as evidence_count,
        min(observed_at) as first_seen_at,
        max(observed_at) as last_seen_at,
        min(loaded_at) as first_loaded_at,
        {{ distinct_text('source') }} as sources
    from unioned
    where identifier_a <> identifier_b
    group by cutoff_at, identifier_a, identifier_b

),

final as (

    select
        grouped.*,
        row_number() over (
            order by
                cutoff_at, case when status = 'manual' then 0 else 1 end, weaker_rank,
                evidence_count desc, identifier_a, identifier_b
        ) as edge_number
    from grouped

)

select * from final
{%- endmacro %}

{% macro is_stronger(one, other) -%}
    ({{ one }}.type_rank < {{ other }}.type_rank
        or ({{ one }}.type_rank = {{ other }}.type_rank
            and {{ one }}.identifier_key < {{ other }}.identifier_key))
{%- endmacro %}

{# Vertices: one row per (cutoff_at, identifier_key) that links. vertex_id counts from the strongest and
   earliest, so the smallest vertex of a component is its anchor. #}
{% macro identity_vertices(evidence, hubs) -%}
with

linking as (

    select
        evidence.cutoff_at,
        evidence.identifier_key,
        min(evidence.identifier_type) as identifier_type,
        min(evidence.scope) as scope,
        min(evidence.type_rank) as type_rank,
        min(evidence.observed_at) as first_seen_at,
        min(evidence.loaded_at) as first_loaded_at
    from {{ evidence }} as evidence
    left join {{ hubs }} as hubs
        on hubs.cutoff_at = evidence.cutoff_at
        and hubs.identifier_key = evidence.identifier_key
    where evidence.can_link and hubs.identifier_key is null
    group by evidence.cutoff_at, evidence.identifier_key

),

final as (

    select
        linking.*,
        row_number() over (
            order by cutoff_at, type_rank, first_seen_at, identifier_key
        ) as vertex_id
    from linking

)

select * from final
{%- endmacro %}

{# Input of the components: edges that link within a scope, as vertex numbers. Person clusters and
   device clusters come out of one run, because no edge between the two scopes goes in. #}
{% macro identity_component_edges(edges, vertices) -%}
    select
        edges.edge_number,
        vertices_a.vertex_id as vertex_a,
        vertices_b.vertex_id as vertex_b
    from {{ edges }} as edges
    inner join {{ vertices }} as vertices_a
        on vertices_a.cutoff_at = edges.cutoff_at
        and vertices_a.identifier_key = edges.identifier_a
    inner join {{ vertices }} as vertices_b
        on vertices_b.cutoff_at = edges.cutoff_at
        and vertices_b.identifier_key = edges.identifier_b
    where edges.status in ('kept', 'manual') and edges.scope_a = edges.scope_b
{%- endmacro %}

{# Clusters: one row per vertex with its person. A device cluster that met exactly one person cluster is
   that person's; one that met none, or several, is an anonymous person of its own. #}
{% macro identity_clusters(edges, vertices, components) -%}
with

clusters as (

    select
        vertices.*,
        coalesce(components.component_id, vertices.vertex_id) as cluster_id
    from {{ vertices }} as vertices
    left join {{ components }} as components on components.vertex_id = vertices.vertex_id

),

meetings as (

    select
        person_clusters.cluster_id as person_cluster_id,
        device_clusters.cluster_id as device_cluster_id,
        min(edges.edge_number) as edge_number
    from {{ edges }} as edges
    inner join clusters as person_clusters
        on person_clusters.cutoff_at = edges.cutoff_at
        and person_clusters.identifier_key = edges.identifier_a
    inner join clusters as device_clusters
        on device_clusters.cutoff_at = edges.cutoff_at
        and device_clusters.identifier_key = edges.identifier_b
    where
        edges.status in ('kept', 'manual')
        and edges.scope_a = 'person'
        and edges.scope_b = 'device'
    group by person_clusters.cluster_id, device_clusters.cluster_id

),

owners as (

    select
        device_cluster_id,
        count(*) as owner_count,
        min(person_cluster_id) as person_cluster_id,
        min(edge_number) as edge_number
    from meetings
    group by device_cluster_id

),

owned as (

    select
        clusters.*,
        case when owners.owner_count = 1 then owners.person_cluster_id else clusters.cluster_id end
            as person_vertex_id,
        coalesce(owners.owner_count, 0) as met_person_count,
        case when owners.owner_count = 1 then owners.edge_number end as owner_edge_number
    from clusters
    left join owners on owners.device_cluster_id = clusters.cluster_id

),

final as (

    select
        owned.cutoff_at,
        owned.vertex_id,
        owned.identifier_key,
        owned.identifier_type,
        owned.scope,
        owned.type_rank,
        owned.first_seen_at,
        owned.first_loaded_at,
        owned.cluster_id,
        owned.met_person_count,
        owned.owner_edge_number,
        anchors.identifier_key as anchor_identifier_key,
        anchors.scope = 'person' as is_known,
        {{ person_id('anchors.identifier_key', 0) }} as person_id
    from owned
    inner join {{ vertices }} as anchors on anchors.vertex_id = owned.person_vertex_id

)

select * from final
{%- endmacro %}

{# Name of a person: hash of the anchor, its strongest and earliest identifier, and a generation. #}
{% macro person_id(anchor_identifier_key, generation) -%}
    {{ surrogate_key(["'person'", anchor_identifier_key, generation]) }}
{%- endmacro %}

{# Record persons: one row per (cutoff_at, source, record_id); rule 'Whose fact is it' of the
   contracts: the record's strongest identifier that links, authenticated before not. #}
{% macro identity_record_persons(known_observations, clusters) -%}
with

ranked as (

    select
        observations.cutoff_at,
        observations.source,
        observations.record_id,
        clusters.person_id,
        clusters.identifier_key,
        clusters.identifier_type,
        first_value(
            case
                when clusters.identifier_key is not null then observations.identifier_key
                when observations.scope = 'device' and observations.is_valid
                    then observations.identifier_key
            end
        ) over device_first as actor_key,
        row_number() over (
            partition by observations.cutoff_at, observations.source, observations.record_id
            order by
                case when clusters.identifier_key is not null then 0 else 1 end,
                case when observations.is_authenticated then 0 else 1 end,
                observations.type_rank, observations.identifier_key
        ) as position
    from {{ known_observations }} as observations
    left join {{ clusters }} as clusters
        on clusters.cutoff_at = observations.cutoff_at
        and clusters.identifier_key = observations.identifier_key
    window device_first as (
        partition by observations.cutoff_at, observations.source, observations.record_id
        order by
            case
                when clusters.scope = 'device' then 0
                when clusters.identifier_key is not null then 1
                when observations.scope = 'device' and observations.is_valid then 2
                else 3
            end,
            case
                when clusters.scope = 'device' or observations.is_authenticated then 0 else 1
            end,
            observations.type_rank, observations.identifier_key
    )

),

final as (

    select
        cutoff_at,
        source,
        record_id,
        person_id,
        identifier_key,
        identifier_type,
        actor_key
    from ranked
    where position = 1

)

select * from final
{%- endmacro %}
