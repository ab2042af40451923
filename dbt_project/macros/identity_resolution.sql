{# The steps of one resolution (identity.md, steps 2 to 4), each a macro that writes a whole model.

   They are called twice: over the evidence known now (increments: only what new evidence touches),
   and over the evidence known at each feature cutoff. Every relation that goes in has cutoff_at, and
   nothing ever joins across two cutoffs, so persons at a cutoff come from the same rules as persons
   now. What is resolved now has cutoff_at = as_of, which is not stored: it moves every day
   (at_as_of on the way in, at_cutoffs=false on the way out).

   Identifiers are numbered from the strongest (int_identity__keys): the strongest of several is the
   smallest number. The steps after this one, from clusters to persons, are in identity_persons.sql. #}

{# A relation of what is known now, with as_of as its cutoff; `condition` restricts its rows. #}
{% macro at_as_of(relation, condition='1 = 1') -%}
    (select {{ as_of() }} as cutoff_at, known_now.* from {{ relation }} as known_now where {{ condition }})
{%- endmacro %}

{# Identifiers of sets that changed, as they are and as they were: what one identifier of a set says
   depends on the others. #}
{% macro touched_identifiers() -%}
    {%- set known_observations = ref('int_identity__known_observations') -%}
    select identifier_number from {{ changes(known_observations) }}
    union all
    select identifier_number from {{ known_observations }}
    where set_key in (select set_key from {{ changes(known_observations) }})
{%- endmacro %}

{# Touched block of the edges: what a set says depends on all of it, and on which of its identifiers
   are hubs; and what expires by the clock. #}
{% macro touched_edges() -%}
    select identifier_number as number_b from ({{ touched_identifiers() }}) as touched_identifiers
    union all
    select identifier_number as number_b
    from {{ ref('int_identity__known_observations') }}
    where set_key in (
            select set_key from {{ ref('int_identity__known_observations') }}
            where identifier_number in (
                    select identifier_number from {{ changes(ref('int_identity__hubs')) }}
                )
        )
    union all
    -- pairs of a steward are seen from when both of their identifiers are
    select keys.identifier_number as number_b
    from {{ ref('int_identity__keys') }} as keys
    inner join {{ ref('int_identity__manual_rules') }} as rules
        on keys.identifier_key in (rules.identifier_key_a, rules.identifier_key_b)
    union all
    -- so are those of the probabilistic pass
    select number_a as number_b from {{ ref('int_identity__probable_pairs') }}
    union all
    select number_b from {{ ref('int_identity__probable_pairs') }}
    {% if is_increment() %}
        union all
        select number_b from {{ this }}
        where expires_at > {{ previous_as_of() }} and expires_at <= {{ as_of() }}
    {% endif %}
{%- endmacro %}

{# Of the known observations, in an increment, the sets that have a touched identifier, whole. #}
{% macro touched_evidence() -%}
    {%- set known_observations = ref('int_identity__known_observations') -%}
    {%- if is_increment() -%}
        {%- do return(at_as_of(known_observations, 'known_now.set_key in (
            select set_key from ' ~ known_observations
            ~ ' where identifier_number in ' ~ touched_values() ~ ')')) -%}
    {%- endif -%}
    {%- do return(at_as_of(known_observations)) -%}
{%- endmacro %}

{# Known observations: one row per (cutoff_at, set_key, identifier_number), with how many records of the
   set say so and when. `known_sets` are sets with cutoff_at and what was known of them then. Of a set
   that is one record's own, those versions that were known at the cutoff. #}
{% macro identity_known_observations(known_sets, members, at_cutoffs=true) -%}
with

known as (

    select
        known_sets.cutoff_at,
        known_sets.set_key,
        members.identifier_number,
        members.is_authenticated,
        known_sets.source,
        coalesce(members.observed_at, known_sets.observed_at) as observed_at,
        coalesce(members.last_observed_at, known_sets.last_observed_at) as last_observed_at,
        coalesce(members.loaded_at, known_sets.loaded_at) as loaded_at,
        known_sets.record_count
    from {{ known_sets }} as known_sets
    inner join {{ members }} as members on members.set_key = known_sets.set_key
    where
        members.loaded_at is null
        or (
            members.loaded_at < known_sets.cutoff_at
            and (
                members.superseded_at is null or members.superseded_at >= known_sets.cutoff_at
            )
        )

),

final as (

    select
        {% if at_cutoffs %} known.cutoff_at, {% endif %}
        known.set_key,
        known.identifier_number,
        known.is_authenticated,
        known.source,
        known.observed_at,
        known.last_observed_at,
        known.loaded_at,
        known.record_count,
        {% if not at_cutoffs %} identifier_keys.scope, {% endif %}
        identifier_keys.is_valid,
        identifier_keys.can_link
    from known
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on identifier_keys.identifier_number = known.identifier_number

)

select * from final
{%- endmacro %}

{# Hubs: identifiers seen with more distinct stronger person identifiers than their type allows.
   Partners are counted on the star: the record's strongest identifier stands for the record. #}
{% macro identity_hubs(known_observations, at_cutoffs=true) -%}
with

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

-- what is in no more sets than its type allows partners is no hub: they are counted of the others
candidates as (

    select
        evidence.cutoff_at,
        evidence.identifier_number
    from {{ known_observations }} as evidence
    inner join identifier_keys on identifier_keys.identifier_number = evidence.identifier_number
    where
        evidence.is_valid and evidence.can_link
        {% if not at_cutoffs %} {{ and_touched('evidence.identifier_number') }} {% endif %}
    group by evidence.cutoff_at, evidence.identifier_number, identifier_keys.hub_limit
    having count(*) > identifier_keys.hub_limit

),

told as (

    select
        evidence.cutoff_at,
        evidence.set_key,
        evidence.identifier_number
    from {{ known_observations }} as evidence
    inner join candidates
        on candidates.cutoff_at = evidence.cutoff_at
        and candidates.identifier_number = evidence.identifier_number

),

told_sets as (

    select distinct cutoff_at, set_key from told

),

centres as (

    select
        evidence.cutoff_at,
        evidence.set_key,
        min(evidence.identifier_number) as centre_number
    from {{ known_observations }} as evidence
    inner join told_sets
        on told_sets.cutoff_at = evidence.cutoff_at
        and told_sets.set_key = evidence.set_key
    where evidence.is_valid and evidence.can_link
    group by evidence.cutoff_at, evidence.set_key

),

pairs as (

    select distinct
        told.cutoff_at,
        told.identifier_number,
        centres.centre_number
    from told
    inner join centres
        on centres.cutoff_at = told.cutoff_at
        and centres.set_key = told.set_key

),

final as (

    select
        {% if at_cutoffs %} pairs.cutoff_at, {% endif %}
        pairs.identifier_number
    from pairs
    inner join identifier_keys on identifier_keys.identifier_number = pairs.identifier_number
    inner join identifier_keys as partners on partners.identifier_number = pairs.centre_number
    where
        partners.scope = 'person'
        and partners.type_rank < identifier_keys.type_rank
    group by pairs.cutoff_at, pairs.identifier_number, identifier_keys.hub_limit
    having count(*) > identifier_keys.hub_limit

)

select * from final
{%- endmacro %}

{# Edges: one row per (cutoff_at, number_a, number_b); a is the strongest of their records. Hubs and
   blocked values are no centre of a star while the record has anything that links, so what a record
   says besides them is not lost. Without at_cutoffs, for one cutoff, also who told them, since when,
   and why an edge does not link. #}
{% macro identity_edges(known_observations, hubs, at_cutoffs=true) -%}
{%- set with_sources = not at_cutoffs -%}
{#- text, no CTE: DuckDB would keep the rows of one that is read several times -#}
{%- set evidence -%}
(
    select
        evidence.cutoff_at,
        evidence.set_key,
        evidence.identifier_number,
        evidence.can_link and hubs.identifier_number is null as is_linking,
        evidence.source,
        evidence.record_count,
        evidence.observed_at,
        evidence.last_observed_at,
        evidence.loaded_at
    from {{ known_observations }} as evidence
    left join {{ hubs }} as hubs
        on hubs.cutoff_at = evidence.cutoff_at
        and hubs.identifier_number = evidence.identifier_number
    where evidence.is_valid
)
{%- endset -%}
with

centres as (

    select
        cutoff_at,
        set_key,
        coalesce(
            min(case when is_linking then identifier_number end), min(identifier_number)
        ) as centre_number
    from {{ evidence }} as evidence
    group by cutoff_at, set_key
    having count(*) > 1

),

told as (

    select
        evidence.cutoff_at,
        centres.centre_number as number_a,
        evidence.identifier_number as number_b,
        evidence.source,
        evidence.record_count,
        evidence.observed_at,
        evidence.last_observed_at,
        evidence.loaded_at
    from {{ evidence }} as evidence
    inner join centres
        on centres.cutoff_at = evidence.cutoff_at
        and centres.set_key = evidence.set_key
    where
        evidence.identifier_number <> centres.centre_number
        {% if not at_cutoffs %} {{ and_touched('evidence.identifier_number') }} {% endif %}

),

seen_together as (

    select
        cutoff_at,
        number_a,
        number_b,
        cast(sum(record_count) as bigint) as evidence_count,
        min(observed_at) as first_seen_at,
        max(last_observed_at) as last_seen_at,
        min(loaded_at) as first_loaded_at
        {%- if with_sources %},
        min(source) as first_source,
        max(source) as last_source
        {%- endif %}
    from told
    group by cutoff_at, number_a, number_b

),

{% if with_sources %}
-- most pairs are told by one source or two: only what lies between is put together as text
told_between as (

    select
        told.number_a,
        told.number_b,
        {{ distinct_text('told.source') }} as sources
    from told
    inner join seen_together
        on seen_together.number_a = told.number_a
        and seen_together.number_b = told.number_b
    where told.source > seen_together.first_source and told.source < seen_together.last_source
    group by told.number_a, told.number_b

),

{% endif %}
ruled_numbers as (

    select identifier_keys.identifier_number
    from {{ ref('int_identity__keys') }} as identifier_keys
    inner join (
        select identifier_key_a as identifier_key from {{ ref('int_identity__manual_rules') }}
        union
        select identifier_key_b as identifier_key from {{ ref('int_identity__manual_rules') }}
    ) as named on named.identifier_key = identifier_keys.identifier_key
    union
    select number_a as identifier_number from {{ ref('int_identity__probable_pairs') }}
    union
    select number_b as identifier_number from {{ ref('int_identity__probable_pairs') }}

),

first_seen as (

    select
        cutoff_at,
        identifier_number,
        min(observed_at) as observed_at,
        min(loaded_at) as loaded_at
    from {{ evidence }} as evidence
    where identifier_number in (select identifier_number from ruled_numbers)
    group by cutoff_at, identifier_number

),

{{ identity_ruled_pairs('first_seen') }},

{{ identity_probable_pairs('first_seen') }},

added as (

    select
        cutoff_at,
        number_a,
        number_b,
        min(first_seen_at) as first_seen_at,
        min(first_loaded_at) as first_loaded_at,
        min(rule_id) as rule_id,
        max(score) as score
    from (
        select * from ruled
        union all
        select * from probable
    ) as ruled_and_probable
    group by cutoff_at, number_a, number_b

),

pairs as (

    select
        coalesce(seen_together.cutoff_at, added.cutoff_at) as cutoff_at,
        coalesce(seen_together.number_a, added.number_a) as number_a,
        coalesce(seen_together.number_b, added.number_b) as number_b,
        coalesce(seen_together.evidence_count, 0) as evidence_count,
        coalesce(seen_together.first_seen_at, added.first_seen_at) as first_seen_at,
        coalesce(seen_together.last_seen_at, added.first_seen_at) as last_seen_at,
        coalesce(seen_together.first_loaded_at, added.first_loaded_at) as first_loaded_at,
        {%- if with_sources %}
        case
            when seen_together.first_source < seen_together.last_source
                then concat_ws(
                    ',', seen_together.first_source, told_between.sources, seen_together.last_source
                )
            when seen_together.number_a is not null then seen_together.first_source
            when added.rule_id is null then 'probabilistic_links'
            else 'manual_rules'
        end as sources,
        {%- endif %}
        added.rule_id,
        -- what records or a steward say counts more
        case when seen_together.number_a is null and added.rule_id is null then added.score end
            as score
    from seen_together
    full outer join added
        on added.cutoff_at = seen_together.cutoff_at
        and added.number_a = seen_together.number_a
        and added.number_b = seen_together.number_b
    {%- if with_sources %}
    left join told_between
        on told_between.number_a = seen_together.number_a
        and told_between.number_b = seen_together.number_b
    {%- endif %}

),

judged as (

    select
        pairs.*,
        {%- if with_sources %}
        keys_a.identifier_key as identifier_a,
        keys_b.identifier_key as identifier_b,
        {%- endif %}
        keys_a.scope as scope_a,
        keys_b.scope as scope_b,
        case
            when pairs.score is null then greatest(keys_a.type_rank, keys_b.type_rank)
            else {{ probable_rank() }}
        end as weaker_rank,
        {{ add_time('pairs.last_seen_at', 'least(
            coalesce(keys_a.ttl_days, keys_b.ttl_days), coalesce(keys_b.ttl_days, keys_a.ttl_days)
        )', 'day') }} as expires_at,
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
        {% if at_cutoffs %} cutoff_at, {% endif %}
        number_a,
        number_b,
        scope_a,
        scope_b,
        weaker_rank,
        evidence_count,
        last_seen_at,
        score,
        {%- if not at_cutoffs %}
        first_seen_at,
        first_loaded_at,
        expires_at,
        identifier_a,
        identifier_b,
        {{ surrogate_key(['identifier_a', 'identifier_b']) }} as edge_id,
        sources,
        case
            when has_hub then 'more distinct stronger identifiers than hub_limit'
            when has_blocked then 'value is on the blocklist'
            when not can_link then 'identifiers of this type link nobody'
            when rule_id is not null then concat('rule ', rule_id)
            when expires_at <= cutoff_at then 'not seen together for ttl_days'
        end as status_reason,
        {%- endif %}
        case
            when has_hub then 'hub'
            when not can_link then 'blocked'
            when rule_id is not null then 'manual'
            when score is not null then 'probabilistic'
            when expires_at <= cutoff_at then 'expired'
            else 'kept'
        end as status,
        {{ edge_number('number_a', 'number_b', 'weaker_rank', 'rule_id is not null') }}
            as edge_number
    from judged
    {% if not at_cutoffs %} where {{ is_touched('number_b') }} {% endif %}

)

select * from final
{%- endmacro %}

{# Number of an edge, the same in every build: a stronger type has a smaller number, one that a steward
   made the smallest. The last 56 bits are made of those of its two ends, which are hashes. #}
{% macro edge_number(number_a, number_b, weaker_rank, is_manual) -%}
    (
        case when {{ is_manual }} then 0 else cast({{ weaker_rank }} as bigint) end
        * 72057594037927936
        + ({{ number_a }} % 72057594037927936 + 2 * ({{ number_b }} % 72057594037927936))
        % 72057594037927936
    )
{%- endmacro %}

{# Links: the edges that link, of one scope (components are made of them) or from a person to a device
   (by which a device has an owner). A subquery. #}
{% macro identity_links(edges) -%}
    (select * from {{ edges }} where status in ('kept', 'manual'))
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
        min(manual_rules.rule_id) as rule_id,
        cast(null as double) as score
    from {{ ref('int_identity__manual_rules') }} as manual_rules
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
