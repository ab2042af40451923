-- Grain: one row per (source, record_id, identifier_type, identifier_value) and version.
-- The region under which a phone number is read is the country that the record's contact was known
-- to have when the identifier was loaded, so that later contacts never change an old reading.
with

identifiers as (

    select * from {{ ref('int_contracts__identifiers') }}

),

contacts as (

    select
        source,
        record_id,
        {{ region_code('country_code') }} as region,
        loaded_at,
        updated_at,
        _file_name,
        _row_number
    from {{ ref('int_contracts__contacts') }}
    where country_code is not null

),

phone_types as (

    select identifier_type from {{ ref('identifier_types') }}
    where normaliser = 'phone'

),

phones as (

    select
        identifiers.source,
        identifiers.record_id,
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.loaded_at,
        identifiers._file_name,
        identifiers._row_number,
        contacts.region,
        row_number() over (
            partition by
                identifiers.source, identifiers.record_id, identifiers.identifier_type,
                identifiers.identifier_value, identifiers.loaded_at, identifiers._file_name,
                identifiers._row_number
            order by
                contacts.loaded_at desc, contacts.updated_at desc,
                contacts._file_name desc, contacts._row_number desc
        ) as recency
    from identifiers
    inner join phone_types on identifiers.identifier_type = phone_types.identifier_type
    inner join contacts
        on identifiers.source = contacts.source
            and identifiers.record_id = contacts.record_id
            and identifiers.loaded_at >= contacts.loaded_at

),

final as (

    select
        identifiers.source,
        identifiers.record_id,
        identifiers.identifier_type,
        identifiers.identifier_value,
        case
            when phone_types.identifier_type is not null
                then coalesce(phones.region, {{ setting('country_code') }})
            else '-'
        end as region,
        identifiers.observed_at,
        identifiers.loaded_at,
        identifiers.superseded_at,
        identifiers.is_authenticated
    from identifiers
    left join phone_types on identifiers.identifier_type = phone_types.identifier_type
    left join phones
        on phones.recency = 1
            and identifiers.source = phones.source
            and identifiers.record_id = phones.record_id
            and identifiers.identifier_type = phones.identifier_type
            and identifiers.identifier_value = phones.identifier_value
            and identifiers.loaded_at = phones.loaded_at
            -- rows of a table that is read in place have neither file nor number
            and identifiers._file_name is not distinct from phones._file_name
            and identifiers._row_number is not distinct from phones._row_number

)

select * from final
