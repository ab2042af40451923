-- Grain: one row per consent event, identifier that it binds, and person for whom it counts.
-- A number that changed hands takes no word along: a grant is its owner's of then, and what was
-- refused before the present owner had it does not bind that one. A refusal made since binds who
-- has it, and always who made it.
with

ownership as (

    select * from {{ ref('int_identity__ownership') }}

),

first_owned as (

    select
        identifier_number,
        person_id,
        min(valid_from) as valid_from
    from ownership
    group by identifier_number, person_id

),

dated as (

    select
        bindings.*,
        identifiers.identifier_type,
        identifiers.person_id as present_id,
        coalesce(ownership.person_id, identifiers.person_id) as owner_id,
        bindings.status not in ('granted', 'pending') as is_refusal,
        (bindings.occurred_at < first_owned.valid_from) is not true as is_since_present
    from {{ ref('int_identity__consent_bindings') }} as bindings
    inner join {{ ref('int_identity__identifiers') }} as identifiers
        on bindings.identifier_key = identifiers.identifier_key
    left join ownership
        on {{ owned_at('identifiers', 'bindings.occurred_at') }}
    left join first_owned
        on identifiers.identifier_number = first_owned.identifier_number
            and identifiers.person_id = first_owned.person_id

),

-- for whom a word counts
persons as (

    select
        consent_key,
        identifier_key,
        owner_id as person_id
    from dated
    union
    select
        consent_key,
        identifier_key,
        present_id as person_id
    from dated
    where is_refusal and is_since_present
    union
    select
        consent_key,
        identifier_key,
        speaker_id as person_id
    from dated
    where is_refusal and speaker_id is not null

),

final as (

    select
        dated.consent_key,
        dated.identifier_key,
        dated.identifier_type,
        persons.person_id,
        dated.channel,
        dated.purpose,
        dated.status,
        dated.jurisdiction,
        dated.occurred_at,
        dated.loaded_at
    from dated
    inner join persons
        on dated.consent_key = persons.consent_key
            and dated.identifier_key = persons.identifier_key

)

select * from final
