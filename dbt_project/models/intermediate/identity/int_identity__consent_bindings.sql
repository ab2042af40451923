-- Grain: one row per consent event and identifier that it binds.
-- A consent binds the address of its channel that the record names. Where the record names none,
-- it binds the record's subject; a withdrawal then reaches every address of the person, a grant
-- only the addresses that were seen together with the subject, so that a merge never widens.
-- A withdrawal from all channels reaches every address, whatever address it was sent from.
with

consents as (

    select
        record_key,
        occurred_at,
        loaded_at,
        channel,
        purpose,
        status,
        jurisdiction,
        {{ surrogate_key(['source', 'record_id', 'channel', 'purpose', 'occurred_at']) }}
            as consent_key
    from {{ ref('int_contracts__consents') }}
    where superseded_at is null

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable and address_identifier_type is not null

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

record_persons as (

    {{ record_persons_of(ref('int_contracts__consents')) }}

),

consent_sets as (

    select
        consents.consent_key,
        consents.channel,
        consents.status,
        record_persons.set_key,
        record_persons.person_id
    from consents
    inner join record_persons
        on consents.record_key = record_persons.record_key

),

speaking_sets as (

    select distinct set_key from consent_sets
    where {{ is_looked_for('set_key') }}

),

-- what the consents' own records say
said as (

    select
        members.set_key,
        identifier_keys.identifier_key,
        identifier_keys.identifier_type
    from {{ ref('int_identity__set_members') }} as members
    inner join speaking_sets
        on members.set_key = speaking_sets.set_key
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on members.identifier_number = identifier_keys.identifier_number
    where
        members.superseded_at is null
        and identifier_keys.is_valid

),

named_addresses as (

    select distinct
        consent_sets.consent_key,
        said.identifier_key
    from consent_sets
    inner join said on consent_sets.set_key = said.set_key
    inner join channels
        on consent_sets.channel in (channels.channel, 'all')
            and said.identifier_type = channels.address_identifier_type

),

consents_with_address as (

    select distinct consent_key from named_addresses

),

subjects as (

    select
        consent_sets.consent_key,
        consent_sets.channel,
        consent_sets.status,
        set_persons.identifier_number,
        set_persons.person_id
    from consent_sets
    inner join {{ ref('int_identity__set_persons') }} as set_persons
        on consent_sets.set_key = set_persons.set_key
    left join consents_with_address as named
        on consent_sets.consent_key = named.consent_key
    where
        set_persons.identifier_number is not null
        and (
            named.consent_key is null
            or (consent_sets.channel = 'all' and consent_sets.status not in ('granted', 'pending'))
        )

),

subject_addresses as (

    select
        subjects.consent_key,
        identifiers.identifier_key
    from subjects
    inner join channels on subjects.channel in (channels.channel, 'all')
    inner join identifiers
        on subjects.person_id = identifiers.person_id
            and channels.address_identifier_type = identifiers.identifier_type
            and identifiers.is_valid
    left join {{ ref('int_identity__links') }} as links
        on subjects.identifier_number = links.number_a
            and identifiers.identifier_number = links.number_b
    where subjects.status not in ('granted', 'pending') or links.number_b is not null

),

bindings as (

    select
        consent_key,
        identifier_key
    from named_addresses
    union
    select
        subjects.consent_key,
        identifiers.identifier_key
    from subjects
    inner join identifiers on subjects.identifier_number = identifiers.identifier_number
    union
    select
        consent_key,
        identifier_key
    from subject_addresses

),

final as (

    select
        consents.consent_key,
        bindings.identifier_key,
        consents.channel,
        consents.purpose,
        consents.status,
        consents.jurisdiction,
        consents.occurred_at,
        consents.loaded_at,
        consent_sets.person_id as speaker_id
    from bindings
    inner join consents on bindings.consent_key = consents.consent_key
    inner join consent_sets on bindings.consent_key = consent_sets.consent_key

)

select * from final
