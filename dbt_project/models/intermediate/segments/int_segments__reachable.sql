-- Grain: one row per segment, member and channel on which the member may be written to now.
-- As the gate asks it (orchestration/activation/gate.py): not held out, an address with a grant for
-- the channel that is not suppressed, and no objection on any address. Post goes to a person's
-- street, which no consent is bound to; there the person's word is enough.
with

members as (

    select
        segment,
        person_id
    from {{ ref('membership') }}
    where
        exited_at is null
        and not is_holdout

),

persons as (

    select distinct person_id from members

),

profiles as (

    select
        person_id,
        concat(',', contactable_channels, ',') as contactable_channels
    from {{ ref('dim_profiles') }}

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable

),

words as (

    select
        consents.person_id,
        consents.identifier_key,
        consents.channel,
        consents.status
    from {{ ref('consent_by_identifier') }} as consents
    inner join persons on consents.person_id = persons.person_id
    where consents.purpose = 'marketing'

),

objections as (

    select distinct person_id
    from words
    where status = 'objected'

),

suppressions as (

    select
        identifier_key,
        channel
    from {{ ref('suppressions') }}

),

addresses as (

    select distinct
        words.person_id,
        words.channel
    from words
    left join suppressions
        on words.identifier_key = suppressions.identifier_key
            and suppressions.channel in (words.channel, 'all')
    where
        words.status = 'granted'
        and suppressions.identifier_key is null

),

final as (

    select
        members.segment,
        members.person_id,
        channels.channel
    from members
    inner join profiles on members.person_id = profiles.person_id
    inner join channels
        on profiles.contactable_channels like concat('%,', channels.channel, ',%')
    left join addresses
        on members.person_id = addresses.person_id
            and channels.channel = addresses.channel
    left join objections on members.person_id = objections.person_id
    where
        objections.person_id is null
        and (
            addresses.person_id is not null
            or channels.address_identifier_type = 'postal_address'
        )

)

select * from final
