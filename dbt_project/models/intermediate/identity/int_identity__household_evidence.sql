-- Grain: one row per person, key of a household and kind of evidence, with when it held.
-- A key is what a home shares: a landline, the household number of a loyalty scheme, a surname at an
-- address, a payment card that two persons use. An address ends when its record names another one;
-- nothing tells the end of the others.
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
                then {{ household_number("'address_hash'", "concat(told.identifier_key, surnames.surname)") }}
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

statements as (

    select
        contacts.record_key,
        contacts.updated_at,
        concat_ws(
            chr(31),
            lower({{ normalise_text('contacts.last_name') }}),
            lower({{ normalise_text('contacts.street') }}),
            lower({{ normalise_text('contacts.postal_code') }}),
            coalesce(
                upper({{ normalise_text('contacts.country_code') }}), {{ setting('country_code') }}
            )
        ) as home,
        row_number() over (
            partition by contacts.record_key, contacts.updated_at
            order by contacts.loaded_at desc, contacts._file_name desc, contacts._row_number desc
        ) as recency
    from {{ ref('int_contracts__contacts') }} as contacts
    where
        contacts.superseded_at is null
        and {{ normalise_text('contacts.last_name') }} is not null
        and {{ normalise_text('contacts.street') }} is not null
        and {{ normalise_text('contacts.postal_code') }} is not null

),

followed as (

    select
        record_key,
        home,
        updated_at,
        lead(home) over (partition by record_key order by updated_at) as next_home,
        lead(updated_at) over (partition by record_key order by updated_at) as next_updated_at
    from statements
    where recency = 1

),

by_address as (

    select
        set_persons.person_id,
        {{ household_number("'address'", 'followed.home') }} as key_number,
        'address' as evidence,
        followed.updated_at as valid_from,
        case when followed.next_home <> followed.home then followed.next_updated_at end as valid_to,
        -- a statement that says the same again goes on
        followed.next_home is null or followed.next_home <> followed.home as is_last
    from followed
    cross join hash_keys
    inner join {{ ref('int_identity__records') }} as records
        on followed.record_key = records.record_key
    inner join set_persons
        on records.set_key = set_persons.set_key

),

-- a card that two persons use: evidence that would have made them one, had no limit stood against it
shared_cards as (

    select
        edges.number_a,
        edges.number_b,
        clusters_a.person_id as person_a,
        clusters_b.person_id as person_b,
        case when keys_a.identifier_type = 'payment_token' then edges.number_a else edges.number_b end
            as key_number,
        edges.first_seen_at as valid_from
    from {{ ref('int_identity__links') }} as links
    inner join {{ ref('int_identity__edges') }} as edges
        on links.edge_number = edges.edge_number
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
        evidence,
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
            when max(case when is_last and valid_to is null then 1 else 0 end) = 0 then max(valid_to)
        end as valid_to
    from unioned
    group by person_id, key_number, evidence

)

select * from final
