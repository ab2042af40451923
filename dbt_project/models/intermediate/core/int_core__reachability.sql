-- Grain: one row per current person.
-- A channel is contactable when the person has a valid address for it and consents to marketing on
-- it (the most restrictive word over the person's addresses; `all` speaks for every channel that
-- has no word of its own).
with

persons as (

    select * from {{ ref('persons') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

contact_attributes as (

    select * from {{ ref('int_core__contact_attributes') }}

),

consents as (

    select * from {{ ref('consent_current') }}

),

channels as (

    select * from {{ ref('channels') }}

),

addresses as (

    select distinct
        person_id,
        identifier_type as address_identifier_type
    from identifiers
    where
        person_id is not null
        and is_valid
        -- most identifiers are no addresses
        and (
            identifier_type in ('email', 'phone', 'push_token')
            or identifier_type in (select address_identifier_type from channels)
        )
    union
    select
        person_id,
        'postal_address' as address_identifier_type
    from contact_attributes
    where
        street is not null
        and (postal_code is not null or city is not null)

),

marketing as (

    select
        person_id,
        channel,
        status
    from consents
    where purpose = 'marketing'

),

contactable as (

    select
        addresses.person_id,
        {{ distinct_text('channels.channel') }} as contactable_channels
    from addresses
    inner join channels
        on addresses.address_identifier_type = channels.address_identifier_type
    left join marketing as own_word
        on addresses.person_id = own_word.person_id
            and channels.channel = own_word.channel
    left join marketing as general_word
        on addresses.person_id = general_word.person_id
            and general_word.channel = 'all'
    where
        channels.is_addressable
        and coalesce(own_word.status, general_word.status) = 'granted'
    group by addresses.person_id

),

flags as (

    select
        person_id,
        max(case when address_identifier_type = 'email' then 1 else 0 end) = 1 as has_email,
        max(case when address_identifier_type = 'phone' then 1 else 0 end) = 1 as has_phone,
        max(case when address_identifier_type = 'push_token' then 1 else 0 end) = 1 as has_push
    from addresses
    group by person_id

),

final as (

    select
        persons.person_id,
        coalesce(flags.has_email, false) as has_email,
        coalesce(flags.has_phone, false) as has_phone,
        coalesce(flags.has_push, false) as has_push,
        coalesce(contactable.contactable_channels, '') as contactable_channels
    from persons
    left join flags
        on persons.person_id = flags.person_id
    left join contactable
        on persons.person_id = contactable.person_id

)

select * from final
