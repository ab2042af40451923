-- Grain: one row per (identifier_key, person_id, channel, purpose): the latest word for who has,
-- or had, the identifier.
-- A number that changed hands takes no word along: a grant is its owner's of then, and what was
-- refused before the present owner had it does not bind that one. A refusal made since binds who
-- has it, and always who made it.
-- A word for all channels or all purposes is a word for each of them. Of two words of the same
-- instant the one that allows less stands.
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
        on identifiers.identifier_number = ownership.identifier_number
            and bindings.occurred_at >= ownership.valid_from
            and bindings.occurred_at < ownership.valid_before
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

bindings as (

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

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable

),

address_types as (

    select distinct address_identifier_type
    from channels
    where address_identifier_type is not null

),

-- an address gets the channels that reach it; a subject that is no address gets every channel
all_channels as (

    select
        identifier_types.identifier_type,
        channels.channel
    from {{ ref('identifier_types') }} as identifier_types
    cross join channels
    left join address_types
        on identifier_types.identifier_type = address_types.address_identifier_type
    where
        address_types.address_identifier_type is null
        or identifier_types.identifier_type = channels.address_identifier_type

),

by_channel as (

    select * from bindings

    union all

    select
        bindings.consent_key,
        bindings.identifier_key,
        bindings.identifier_type,
        bindings.person_id,
        all_channels.channel,
        bindings.purpose,
        bindings.status,
        bindings.jurisdiction,
        bindings.occurred_at,
        bindings.loaded_at
    from bindings
    inner join all_channels on bindings.identifier_type = all_channels.identifier_type
    where bindings.channel = 'all'

),

purposes as (

    {% for purpose in consent_purposes() %}
        select '{{ purpose }}' as purpose{% if not loop.last %} union all{% endif %}

    {% endfor %}

),

by_purpose as (

    select
        by_channel.consent_key,
        by_channel.identifier_key,
        by_channel.identifier_type,
        by_channel.person_id,
        by_channel.channel,
        coalesce(purposes.purpose, by_channel.purpose) as purpose,
        by_channel.status,
        by_channel.jurisdiction,
        by_channel.occurred_at,
        by_channel.loaded_at
    from by_channel
    left join purposes on by_channel.purpose = 'all'

),

ranked as (

    select
        by_purpose.*,
        row_number() over (
            partition by
                by_purpose.identifier_key, by_purpose.person_id, by_purpose.channel,
                by_purpose.purpose
            order by
                by_purpose.occurred_at desc,
                {{ consent_rank('status') }} asc,
                by_purpose.loaded_at desc,
                by_purpose.consent_key asc
        ) as recency
    from by_purpose

),

final as (

    select
        identifier_key,
        identifier_type,
        person_id,
        channel,
        purpose,
        status,
        jurisdiction,
        occurred_at as since
    from ranked
    where recency = 1

)

select * from final
