-- Grain: one row per (identifier_key, channel, purpose), and owner where it changed hands.
-- What somebody said, and, where the law lets one write until somebody objects, the addresses about
-- which nobody said anything.
with

words as (

    select * from {{ ref('int_identity__consent_words') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

jurisdictions as (

    select * from {{ ref('int_identity__jurisdictions') }}

),

purposes as (

    {% for purpose in outreach_purposes() %}
        select '{{ purpose }}' as purpose{% if not loop.last %} union all{% endif %}

    {% endfor %}

),

said as (

    select
        words.identifier_key,
        words.person_id,
        words.channel,
        words.purpose,
        words.status,
        words.since,
        coalesce(words.jurisdiction, jurisdictions.jurisdiction) as jurisdiction,
        true as is_explicit
    from words
    left join jurisdictions
        on words.person_id = jurisdictions.person_id
            and words.channel = jurisdictions.channel

),

allowed_until_objection as (

    select
        identifiers.identifier_key,
        identifiers.person_id,
        jurisdictions.channel,
        purposes.purpose,
        'granted' as status,
        identifiers.first_seen_at as since,
        jurisdictions.jurisdiction,
        false as is_explicit
    from identifiers
    inner join jurisdictions
        on identifiers.person_id = jurisdictions.person_id
            and identifiers.identifier_type = jurisdictions.address_identifier_type
            and jurisdictions.consent_model = 'opt_out'
    cross join purposes
    left join words
        on identifiers.identifier_key = words.identifier_key
            and identifiers.person_id = words.person_id
            and jurisdictions.channel = words.channel
            and purposes.purpose = words.purpose
    where identifiers.is_valid and words.identifier_key is null

),

final as (

    select * from said
    union all
    select * from allowed_until_objection

)

select
    identifier_key,
    person_id,
    channel,
    purpose,
    status,
    since,
    jurisdiction,
    is_explicit
from final
