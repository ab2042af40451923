{# The second half of one resolution: vertices, components, clusters, persons, and whose fact is it.
   See identity_resolution.sql for the first half and for what cutoff_at means. #}

{# Vertices: one row per (cutoff_at, identifier_number) that links. vertex_id is the number itself, or,
   where several cutoffs are resolved at once, one in the same order that no other cutoff has (there
   are fewer than 10,000). #}
{% macro identity_vertices(known_observations, hubs, at_cutoffs=true) -%}
with

identifier_keys as (

    select
        identifier_number,
        identifier_type,
        scope,
        {%- if at_cutoffs %}
        row_number() over (order by identifier_number) as position,
        {%- endif %}
        type_rank
    from {{ ref('int_identity__keys') }}

),

linking as (

    select
        evidence.cutoff_at,
        evidence.identifier_number,
        min(evidence.observed_at) as first_seen_at,
        min(evidence.loaded_at) as first_loaded_at,
        max(case when evidence.is_authenticated then 1 else 0 end) = 1 as is_proven
    from {{ known_observations }} as evidence
    left join {{ hubs }} as hubs
        on hubs.cutoff_at = evidence.cutoff_at
        and hubs.identifier_number = evidence.identifier_number
    where evidence.is_valid and evidence.can_link and hubs.identifier_number is null
    group by evidence.cutoff_at, evidence.identifier_number

),

final as (

    select
        {% if at_cutoffs %} linking.cutoff_at, {% endif %}
        linking.identifier_number,
        identifier_keys.identifier_type,
        identifier_keys.scope,
        identifier_keys.type_rank,
        linking.is_proven,
        linking.first_seen_at,
        linking.first_loaded_at,
        {% if at_cutoffs %}
            10000 * cast(identifier_keys.position as bigint) + open_cutoffs.cutoff_number
        {% else %}
            linking.identifier_number
        {% endif %} as vertex_id
    from linking
    inner join identifier_keys
        on identifier_keys.identifier_number = linking.identifier_number
    {% if at_cutoffs %}
        inner join {{ ref('int_identity__open_cutoffs') }} as open_cutoffs
            on open_cutoffs.cutoff_at = linking.cutoff_at
    {% endif %}

)

select * from final
{%- endmacro %}

{# From clause: links of one scope with the vertices of both ends. #}
{% macro from_linked_vertices(links, vertices) -%}
    from {{ links }} as links
    inner join {{ vertices }} as vertices_a
        on vertices_a.cutoff_at = links.cutoff_at
        and vertices_a.identifier_number = links.number_a
    inner join {{ vertices }} as vertices_b
        on vertices_b.cutoff_at = links.cutoff_at
        and vertices_b.identifier_number = links.number_b
    where links.scope_a = links.scope_b
{%- endmacro %}

{# Input of the components at cutoffs: links of one scope, as vertex numbers. Person clusters and device
   clusters come out of one run, because no edge between the two scopes goes in. #}
{% macro identity_component_edges(edges, vertices) -%}
    select
        links.edge_number,
        vertices_a.vertex_id as vertex_a,
        vertices_b.vertex_id as vertex_b
    {{ from_linked_vertices(identity_links(edges), vertices) }}
{%- endmacro %}

{# Clusters: one row per vertex with its person; of a past cutoff nobody asks more. A device cluster that
   met exactly one person cluster is that person's; one that met none, or several, is an anonymous
   person of its own. The strongest and earliest identifier of a person is its anchor: at a past cutoff
   it names the person, now the person's id outlives it (stable_ids.sql). #}
{% macro identity_clusters(vertices, links, components, limited, linked, at_cutoffs=true) -%}
with

clusters as (

    select
        vertices.cutoff_at,
        vertices.vertex_id,
        vertices.identifier_number,
        vertices.scope,
        vertices.type_rank,
        vertices.first_seen_at,
        {%- if not at_cutoffs %}
        vertices.first_loaded_at,
        case
            -- the smallest vertex of a cluster, which has no edge within it
            when linked.vertex_id = vertices.vertex_id then linked.edge_number
            when limited.vertex_id is not null then limited.edge_number
            else components.edge_number
        end as edge_number,
        {%- endif %}
        coalesce(
            linked.cluster_id, limited.cluster_id, components.component_id, vertices.vertex_id
        ) as cluster_id
    from {{ vertices }} as vertices
    left join {{ components }} as components on components.vertex_id = vertices.vertex_id
    left join {{ limited }} as limited on limited.vertex_id = vertices.vertex_id
    left join {{ linked }} as linked
        on linked.vertex_id
        = coalesce(limited.cluster_id, components.component_id, vertices.vertex_id)

),

meetings as (

    select
        person_clusters.cluster_id as person_cluster_id,
        device_clusters.cluster_id as device_cluster_id,
        min(links.edge_number) as edge_number
    from {{ links }} as links
    inner join clusters as person_clusters
        on person_clusters.cutoff_at = links.cutoff_at
        and person_clusters.identifier_number = links.number_a
    inner join clusters as device_clusters
        on device_clusters.cutoff_at = links.cutoff_at
        and device_clusters.identifier_number = links.number_b
    where links.scope_a = 'person' and links.scope_b = 'device'
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
            as person_cluster_id,
        coalesce(owners.owner_count, 0) as met_person_count,
        case when owners.owner_count = 1 then owners.edge_number end as owner_edge_number
    from clusters
    left join owners on owners.device_cluster_id = clusters.cluster_id

),

-- a person has an identifier of scope person, or none: the strongest type is among its own cluster
strongest as (

    select
        cluster_id,
        min(type_rank) as type_rank
    from clusters
    group by cluster_id

),

earliest as (

    select
        clusters.cluster_id,
        clusters.scope,
        clusters.type_rank,
        min(clusters.first_seen_at) as first_seen_at
    from clusters
    inner join strongest
        on strongest.cluster_id = clusters.cluster_id
        and strongest.type_rank = clusters.type_rank
    group by clusters.cluster_id, clusters.scope, clusters.type_rank

),

anchors as (

    select
        earliest.cluster_id,
        earliest.scope = 'person' as is_known,
        min(clusters.identifier_number) as anchor_number
    from clusters
    inner join earliest
        on earliest.cluster_id = clusters.cluster_id
        and earliest.type_rank = clusters.type_rank
        and earliest.first_seen_at = clusters.first_seen_at
    group by earliest.cluster_id, earliest.scope

),

{% if at_cutoffs %}
    -- a person is named once, not once per identifier
    persons as (

        select
            anchors.cluster_id,
            {{ person_number(person_id('identifier_keys.identifier_key', 0)) }} as person_number
        from anchors
        inner join {{ ref('int_identity__keys') }} as identifier_keys
            on identifier_keys.identifier_number = anchors.anchor_number

    ),

{% endif %}

final as (

    select
        {%- if at_cutoffs %}
        owned.cutoff_at,
        persons.person_number,
        {%- else %}
        owned.vertex_id,
        owned.first_seen_at,
        owned.first_loaded_at,
        owned.cluster_id,
        owned.edge_number,
        owned.met_person_count,
        owned.owner_edge_number,
        owned.scope,
        {%- endif %}
        owned.identifier_number,
        anchors.anchor_number,
        anchors.is_known
    from owned
    inner join anchors on anchors.cluster_id = owned.person_cluster_id
    {% if at_cutoffs %}
        inner join persons on persons.cluster_id = owned.person_cluster_id
    {% endif %}

)

select * from final
{%- endmacro %}

{# Touched block of the clusters: the identifiers of clusters that changed, of the device clusters that
   met those, and of the person clusters that these devices met. #}
{% macro touched_clusters() -%}
    {%- set vertices = ref('int_identity__vertices') -%}
    {%- set components = ref('int_identity__components') -%}
    {%- set limited = ref('int_identity__limited') -%}
    {%- set linked = ref('int_identity__linked') -%}
    {%- set links = ref('int_identity__links') -%}
    with

    changed as (

        select identifier_number from {{ changes(vertices) }}
        union
        select vertex_id as identifier_number from {{ changes(components) }}
        union
        select vertex_id as identifier_number from {{ changes(limited) }}
        union
        select vertex_id as identifier_number from {{ changes(linked) }}
        union
        select number_a as identifier_number from {{ changes(links) }}
        union
        select number_b as identifier_number from {{ changes(links) }}

    ),

    clustered as (

        select
            vertices.identifier_number,
            coalesce(
                linked.cluster_id, limited.cluster_id, components.component_id,
                vertices.identifier_number
            ) as cluster_id
        from {{ vertices }} as vertices
        left join {{ components }} as components
            on components.vertex_id = vertices.identifier_number
        left join {{ limited }} as limited on limited.vertex_id = vertices.identifier_number
        left join {{ linked }} as linked
            on linked.vertex_id = coalesce(
                limited.cluster_id, components.component_id, vertices.identifier_number
            )

    ),

    meetings as (

        select distinct
            persons.cluster_id as person_cluster_id,
            devices.cluster_id as device_cluster_id
        from {{ links }} as links
        inner join clustered as persons on persons.identifier_number = links.number_a
        inner join clustered as devices on devices.identifier_number = links.number_b
        where links.scope_a = 'person' and links.scope_b = 'device'

    ),

    touched_directly as (

        select cluster_id from clustered
        where identifier_number in (select identifier_number from changed)
        union
        -- what is left of one that lost somebody
        select component_id as cluster_id from {{ changes(components) }}
        union
        select cluster_id from {{ changes(limited) }}
        union
        select cluster_id from {{ changes(linked) }}

    ),

    touched_devices as (

        select device_cluster_id as cluster_id from meetings
        where person_cluster_id in (select cluster_id from touched_directly)
        union
        select cluster_id from touched_directly

    )

    select identifier_number from changed
    union
    select identifier_number from clustered
    where cluster_id in (
        select cluster_id from touched_devices
        union
        select person_cluster_id from meetings
        where device_cluster_id in (select cluster_id from touched_devices)
    )
{%- endmacro %}

{# Touched block of the persons: whose identifiers, sets or evidence changed. #}
{% macro touched_persons() -%}
    select person_id from {{ changes(ref('int_identity__clusters')) }}
    union all
    select person_id from {{ changes(ref('int_identity__set_persons')) }}
    union all
    select person_id from {{ ref('int_identity__set_persons') }}
    where set_key in (
            select set_key from {{ changes(ref('int_identity__known_observations')) }}
            {% if is_increment() %}
                union all
                -- dated into the future when it came
                select set_key from {{ ref('int_identity__known_observations') }}
                where observed_at >= {{ previous_as_of() }}
            {% endif %}
        )
{%- endmacro %}

{# Name of a person: hash of the anchor, its strongest and earliest identifier, and a generation. #}
{% macro person_id(anchor_identifier_key, generation) -%}
    {{ surrogate_key(["'person'", anchor_identifier_key, generation]) }}
{%- endmacro %}

{# The person's number: a part of its id, for joins and groups over many rows (60 bits; a data test says
   that no two persons share one). #}
{% macro person_number(person_id) -%} {{ hex_to_integer(person_id, 15) }} {%- endmacro %}

{# Set persons: one row per (cutoff_at, set_key); rule 'Whose fact is it' of the contracts: the
   record's strongest identifier that links, authenticated before not. The actor (asked for now only) is
   the strongest device that links, else that identifier, else a shared device. #}
{% macro identity_set_identifiers(known_observations, clusters, at_cutoffs=true) -%}
    select
        observations.cutoff_at,
        observations.set_key,
        coalesce(
            min(case
                when clusters.identifier_number is not null and observations.is_authenticated
                    then observations.identifier_number
            end),
            min(clusters.identifier_number)
        ) as identifier_number
        {%- if not at_cutoffs %},
        min(case when clusters.scope = 'device' then observations.identifier_number end)
            as device_number,
        min(case
            when observations.scope = 'device' and observations.is_valid
                then observations.identifier_number
        end) as shared_device_number
        {%- endif %}
    from {{ known_observations }} as observations
    left join {{ clusters }} as clusters
        on clusters.cutoff_at = observations.cutoff_at
        and clusters.identifier_number = observations.identifier_number
    group by observations.cutoff_at, observations.set_key
{%- endmacro %}

{# Persons: one row per (cutoff_at, person_id), with what their identifiers say of them: which they have
   (valid, not blocked, of a person or a device), and since when. `set_persons` has cutoff_at. #}
{% macro identity_persons(known_observations, clusters, set_persons, at_cutoffs=true) -%}
{%- set identifier_types = ['email', 'phone', 'push_token', 'loyalty_id', 'customer_id'] -%}
{#- text, no CTE: DuckDB would keep the rows of one that is read several times -#}
{%- set observed -%}
    from {{ known_observations }} as known_observations
    inner join {{ set_persons }} as set_persons
        on set_persons.cutoff_at = known_observations.cutoff_at
        and set_persons.set_key = known_observations.set_key
    where
        set_persons.person_number is not null
        and known_observations.can_link
        -- what was dated into the future is no evidence yet
        and known_observations.observed_at < known_observations.cutoff_at
{%- endset -%}
with

persons as (

    -- its anchor is one of its identifiers
    select
        clusters.cutoff_at,
        {% if at_cutoffs %}
            {{ person_id('anchors.identifier_key', 0) }} as person_id,
        {% else %}
            clusters.person_id,
        {% endif %}
        clusters.person_number,
        clusters.anchor_number,
        clusters.is_known
    from {{ clusters }} as clusters
    {% if at_cutoffs %}
        inner join {{ ref('int_identity__keys') }} as anchors
            on anchors.identifier_number = clusters.anchor_number
    {% endif %}
    where clusters.identifier_number = clusters.anchor_number

),

-- several sets of a person say the same identifier: counted once
told as (

    select
        set_persons.cutoff_at,
        set_persons.person_number,
        known_observations.identifier_number,
        min(known_observations.observed_at) as observed_at
    {{ observed }}
    group by
        set_persons.cutoff_at, set_persons.person_number, known_observations.identifier_number

),

identifiers as (

    select
        told.cutoff_at,
        told.person_number,
        min(told.observed_at) as first_seen_at,
        count(*) as identifier_count
        {%- for identifier_type in identifier_types %},
        max(case when identifier_keys.identifier_type = '{{ identifier_type }}' then 1 else 0 end)
        = 1 as has_{{ identifier_type }}
        {%- endfor %}
    from told
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on identifier_keys.identifier_number = told.identifier_number
    group by told.cutoff_at, told.person_number

),

person_sources as (

    select distinct
        set_persons.cutoff_at,
        set_persons.person_number,
        known_observations.source
    {{ observed }}

),

sources as (

    select
        cutoff_at,
        person_number,
        count(*) as source_count
    from person_sources
    group by cutoff_at, person_number

),

final as (

    select
        {% if at_cutoffs %} persons.cutoff_at, {% endif %}
        persons.person_id,
        persons.person_number,
        persons.anchor_number,
        persons.is_known,
        identifiers.first_seen_at,
        coalesce(identifiers.identifier_count, 0) as identifier_count,
        coalesce(sources.source_count, 0) as source_count,
        {%- for identifier_type in identifier_types %}
        coalesce(identifiers.has_{{ identifier_type }}, false) as has_{{ identifier_type }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from persons
    left join identifiers
        on identifiers.cutoff_at = persons.cutoff_at
        and identifiers.person_number = persons.person_number
    left join sources
        on sources.cutoff_at = persons.cutoff_at
        and sources.person_number = persons.person_number

)

select * from final
{%- endmacro %}
