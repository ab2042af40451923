{# The steps of one resolution (identity.md, steps 2 to 4), each a macro that writes a whole model.

   They are called twice: over the evidence known now, and over the evidence known at each feature
   cutoff. Every relation carries cutoff_at, and nothing ever joins across two cutoffs, so persons at a
   cutoff come from the same rules as persons now. What is resolved now has cutoff_at = as_of.

   Identifiers are numbered from the strongest (int_identity__keys): the strongest of several is the
   smallest number. The steps after this one, from clusters to persons, are in identity_persons.sql. #}

{# Evidence: one row per (cutoff_at, record_number, identifier_number) of valid identifiers; one that a
   record gives in two spellings counts once. #}
{% macro identity_evidence(known_observations) -%}
    select
        cutoff_at,
        record_number,
        identifier_number,
        max(case when can_link then 1 else 0 end) = 1 as can_link,
        min(source) as source,
        min(observed_at) as observed_at,
        min(loaded_at) as loaded_at
    from {{ known_observations }}
    where is_valid
    group by cutoff_at, record_number, identifier_number
{%- endmacro %}

{# Hubs: identifiers seen with more distinct stronger person identifiers than their type allows.
   Partners are counted on the star: the record's strongest identifier stands for the record. #}
{% macro identity_hubs(evidence) -%}
with

evidence as (

    select * from {{ evidence }} where can_link

),

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

centres as (

    select cutoff_at, record_number, min(identifier_number) as centre_number
    from evidence
    group by cutoff_at, record_number

),

pairs as (

    select distinct
        evidence.cutoff_at,
        evidence.identifier_number,
        centres.centre_number
    from evidence
    inner join centres
        on centres.cutoff_at = evidence.cutoff_at
        and centres.record_number = evidence.record_number

),

final as (

    select
        pairs.cutoff_at,
        pairs.identifier_number,
        count(*) as partner_count
    from pairs
    inner join identifier_keys on identifier_keys.identifier_number = pairs.identifier_number
    inner join identifier_keys as partners on partners.identifier_number = pairs.centre_number
    where partners.scope = 'person' and partners.type_rank < identifier_keys.type_rank
    group by pairs.cutoff_at, pairs.identifier_number, identifier_keys.hub_limit
    having count(*) > identifier_keys.hub_limit

)

select * from final
{%- endmacro %}

{# Edges: one row per (cutoff_at, number_a, number_b); a is the strongest of their records. Hubs and
   blocked values are no centre of a star while the record has anything that links, so what a record
   says besides them is not lost. #}
{% macro identity_edges(evidence, hubs) -%}
with

evidence as (

    select
        evidence.*,
        evidence.can_link and hubs.identifier_number is null as is_linking
    from {{ evidence }} as evidence
    left join {{ hubs }} as hubs
        on hubs.cutoff_at = evidence.cutoff_at
        and hubs.identifier_number = evidence.identifier_number

),

centres as (

    select
        cutoff_at,
        record_number,
        coalesce(
            min(case when is_linking then identifier_number end), min(identifier_number)
        ) as centre_number
    from evidence
    group by cutoff_at, record_number
    having count(*) > 1

),

seen_by_source as (

    select
        evidence.cutoff_at,
        centres.centre_number as number_a,
        evidence.identifier_number as number_b,
        evidence.source,
        count(*) as evidence_count,
        min(evidence.observed_at) as first_seen_at,
        max(evidence.observed_at) as last_seen_at,
        min(evidence.loaded_at) as first_loaded_at
    from evidence
    inner join centres
        on centres.cutoff_at = evidence.cutoff_at
        and centres.record_number = evidence.record_number
    group by
        evidence.cutoff_at, centres.centre_number, evidence.identifier_number, evidence.source

),

seen_together as (

    select
        cutoff_at,
        number_a,
        number_b,
        cast(sum(evidence_count) as bigint) as evidence_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(first_loaded_at) as first_loaded_at,
        {{ distinct_text('source') }} as sources
    from seen_by_source
    where number_a <> number_b
    group by cutoff_at, number_a, number_b

),

first_seen as (

    select
        cutoff_at,
        identifier_number,
        min(observed_at) as observed_at,
        min(loaded_at) as loaded_at
    from evidence
    group by cutoff_at, identifier_number

),

{{ identity_ruled_pairs('first_seen') }},

pairs as (

    select
        coalesce(seen_together.cutoff_at, ruled.cutoff_at) as cutoff_at,
        coalesce(seen_together.number_a, ruled.number_a) as number_a,
        coalesce(seen_together.number_b, ruled.number_b) as number_b,
        coalesce(seen_together.evidence_count, 0) as evidence_count,
        coalesce(seen_together.first_seen_at, ruled.first_seen_at) as first_seen_at,
        coalesce(seen_together.last_seen_at, ruled.first_seen_at) as last_seen_at,
        coalesce(seen_together.first_loaded_at, ruled.first_loaded_at) as first_loaded_at,
        coalesce(seen_together.sources, 'manual_rules') as sources,
        ruled.rule_id
    from seen_together
    full outer join ruled
        on ruled.cutoff_at = seen_together.cutoff_at
        and ruled.number_a = seen_together.number_a
        and ruled.number_b = seen_together.number_b

),

judged as (

    select
        pairs.*,
        keys_a.identifier_key as identifier_a,
        keys_b.identifier_key as identifier_b,
        keys_a.scope as scope_a,
        keys_b.scope as scope_b,
        greatest(keys_a.type_rank, keys_b.type_rank) as weaker_rank,
        hubs_a.identifier_number is not null or hubs_b.identifier_number is not null as has_hub,
        keys_a.is_blocked or keys_b.is_blocked as has_blocked,
        keys_a.can_link and keys_b.can_link as can_link
    from pairs
    inner join {{ ref('int_identity__keys') }} as keys_a
        on keys_a.identifier_number = pairs.number_a
    inner join {{ ref('int_identity__keys') }} as keys_b
        on keys_b.identifier_number = pairs.number_b
    left join {{ hubs }} as hubs_a
        on hubs_a.cutoff_at = pairs.cutoff_at and hubs_a.identifier_number = pairs.number_a
    left join {{ hubs }} as hubs_b
        on hubs_b.cutoff_at = pairs.cutoff_at and hubs_b.identifier_number = pairs.number_b

),

final as (

    select
        cutoff_at,
        number_a,
        number_b,
        identifier_a,
        identifier_b,
        scope_a,
        scope_b,
        weaker_rank,
        evidence_count,
        first_seen_at,
        last_seen_at,
        first_loaded_at,
        sources,
        case
            when has_hub then 'hub'
            when not can_link then 'blocked'
            when rule_id is not null then 'manual'
            else 'kept'
        end as status,
        case
            when has_hub then 'more distinct stronger identifiers than hub_limit'
            when has_blocked then 'value is on the blocklist'
            when not can_link then 'identifiers of this type link nobody'
            when rule_id is not null then concat('rule ', rule_id)
        end as status_reason,
        row_number() over (
            order by
                cutoff_at, case when rule_id is not null then 0 else 1 end, weaker_rank,
                evidence_count desc, identifier_a, identifier_b
        ) as edge_number
    from judged

)

select * from final
{%- endmacro %}

{# CTE ruled: pairs that a steward merged, from when both identifiers are known; the stronger is a. #}
{% macro identity_ruled_pairs(first_seen) -%}
ruled as (

    select
        one.cutoff_at,
        least(one.identifier_number, other.identifier_number) as number_a,
        greatest(one.identifier_number, other.identifier_number) as number_b,
        max(greatest(one.observed_at, other.observed_at)) as first_seen_at,
        max(greatest(one.loaded_at, other.loaded_at)) as first_loaded_at,
        min(manual_rules.rule_id) as rule_id
    from {{ ref('manual_rules') }} as manual_rules
    inner join {{ ref('int_identity__keys') }} as keys_one
        on keys_one.identifier_key = manual_rules.identifier_key_a
    inner join {{ ref('int_identity__keys') }} as keys_other
        on keys_other.identifier_key = manual_rules.identifier_key_b
    inner join {{ first_seen }} as one on one.identifier_number = keys_one.identifier_number
    inner join {{ first_seen }} as other
        on other.identifier_number = keys_other.identifier_number
        and other.cutoff_at = one.cutoff_at
    where manual_rules.rule = 'always_merge' and keys_one.identifier_key <> keys_other.identifier_key
    group by
        one.cutoff_at,
        least(one.identifier_number, other.identifier_number),
        greatest(one.identifier_number, other.identifier_number)

)
{%- endmacro %}
