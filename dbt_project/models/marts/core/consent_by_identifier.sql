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

open_until_objection as (

    select * from {{ ref('int_identity__consent_rules') }}
    where purpose <> 'all' and consent_model = 'opt_out'

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
        rules.channel,
        rules.purpose,
        'granted' as status,
        identifiers.first_seen_at as since,
        rules.jurisdiction,
        false as is_explicit
    from identifiers
    inner join jurisdictions
        on identifiers.person_id = jurisdictions.person_id
            and identifiers.identifier_type = jurisdictions.address_identifier_type
    inner join open_until_objection as rules
        on jurisdictions.country_code = rules.country_code
            and jurisdictions.channel = rules.channel
    left join words
        on identifiers.identifier_key = words.identifier_key
            and identifiers.person_id = words.person_id
            and rules.channel = words.channel
            and rules.purpose = words.purpose
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
