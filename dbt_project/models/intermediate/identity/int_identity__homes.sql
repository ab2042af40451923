-- Grain: one row per record and statement of its contact that names a home (surname, address).
with

hash_keys as (

    select hash_key from {{ source('keys', 'hash_keys') }}

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

final as (

    select
        followed.record_key,
        {{ household_number("'address'", 'followed.home') }} as key_number,
        followed.updated_at as valid_from,
        case when followed.next_home <> followed.home then followed.next_updated_at end as valid_to,
        -- a statement that says the same again goes on
        followed.next_home is null or followed.next_home <> followed.home as is_last
    from followed
    cross join hash_keys

)

select * from final
