-- Grain: one row per person, key of a household and kind of evidence, with when it held.
-- A key is what a home shares: a landline, the household number of a loyalty scheme, a surname at
-- an address, a payment card that two persons use. An address ends when its record names another
-- one; nothing tells the end of the others.
with

hash_keys as (

    select hash_key from {{ source('keys', 'hash_keys') }}

),

set_persons as (

    select
        set_key,
        person_id
    from {{ ref('int_identity__set_persons') }}
    where person_id is not null

),

surnames as (

    select
        person_id,
        lower(last_name) as surname
    from {{ ref('int_core__contact_attributes') }}
    where last_name is not null

),

told as (

    select
        set_persons.person_id,
        identifier_keys.identifier_number,
        identifier_keys.identifier_key,
        identifier_keys.identifier_type,
        min(known_observations.observed_at) as valid_from
    from {{ ref('int_identity__known_observations') }} as known_observations
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on known_observations.identifier_number = identifier_keys.identifier_number
    inner join set_persons
        on known_observations.set_key = set_persons.set_key
    where
        known_observations.scope = 'household'
        and identifier_keys.is_valid
        and not identifier_keys.is_blocked
    group by
        set_persons.person_id, identifier_keys.identifier_number,
        identifier_keys.identifier_key, identifier_keys.identifier_type

),

-- an address alone is a building: with the surname it is a home
by_identifier as (

    select
        told.person_id,
        case
            when told.identifier_type = 'address_hash'
                then {{ household_number(
                    "'address_hash'", "concat(told.identifier_key, surnames.surname)"
                ) }}
            else told.identifier_number
        end as key_number,
        case
            when told.identifier_type = 'address_hash' then 'address' else told.identifier_type
        end as evidence,
        told.valid_from,
        cast(null as timestamp) as valid_to
    from told
    cross join hash_keys
    left join surnames
        on told.person_id = surnames.person_id
    where told.identifier_type <> 'address_hash' or surnames.surname is not null

),

by_address as (

    select
        set_persons.person_id,
        homes.key_number,
        homes.valid_from,
        homes.valid_to,
        homes.is_last
    from {{ ref('int_identity__homes') }} as homes
    inner join {{ ref('int_identity__records') }} as records
        on homes.record_key = records.record_key
    inner join set_persons
        on records.set_key = set_persons.set_key

),

-- a card that two persons use: it would have made them one, had no limit stood against it
shared_cards as (

    select
        clusters_a.person_id as person_a,
        clusters_b.person_id as person_b,
        case
            when keys_a.identifier_type = 'payment_token' then links.number_a
            else links.number_b
        end as key_number,
        links.first_seen_at as valid_from
    from {{ identity_links(ref('int_identity__edges')) }} as links
    inner join {{ ref('int_identity__clusters') }} as clusters_a
        on links.number_a = clusters_a.identifier_number
    inner join {{ ref('int_identity__clusters') }} as clusters_b
        on links.number_b = clusters_b.identifier_number
    inner join {{ ref('int_identity__keys') }} as keys_a
        on links.number_a = keys_a.identifier_number
    inner join {{ ref('int_identity__keys') }} as keys_b
        on links.number_b = keys_b.identifier_number
    where
        links.scope_a = links.scope_b
        and clusters_a.cluster_id <> clusters_b.cluster_id
        and 'payment_token' in (keys_a.identifier_type, keys_b.identifier_type)

),

unioned as (

    select
        person_id,
        key_number,
        evidence,
        valid_from,
        valid_to,
        true as is_last
    from by_identifier
    union all
    select
        person_id,
        key_number,
        'address' as evidence,
        valid_from,
        valid_to,
        is_last
    from by_address
    union all
    select
        person_a as person_id,
        key_number,
        'payment_token' as evidence,
        valid_from,
        cast(null as timestamp) as valid_to,
        true as is_last
    from shared_cards
    union all
    select
        person_b as person_id,
        key_number,
        'payment_token' as evidence,
        valid_from,
        cast(null as timestamp) as valid_to,
        true as is_last
    from shared_cards

),

final as (

    select
        person_id,
        key_number,
        evidence,
        min(valid_from) as valid_from,
        -- open while one of its sources says so
        case
            when max(case when is_last and valid_to is null then 1 else 0 end) = 0
                then max(valid_to)
        end as valid_to
    from unioned
    group by person_id, key_number, evidence

)

select * from final
