-- Grain: one row per (source, record_id, identifier_type, identifier_value) and version, also of
-- rows that are not known yet.
-- The region under which a phone number is read is the country that the record's contact was known
-- to have when the identifier was loaded, so that later contacts never change an old reading.
with

identifiers as (

    select
        identifiers.*,
        phone_types.identifier_type is not null as is_phone,
        -- null for anything but a phone: a null is not looked up. Not from record_key: who
        -- reads no other key makes those of phones only
        case
            when phone_types.identifier_type is not null
                then {{ row_key(['identifiers.source', 'identifiers.record_id']) }}
        end as phone_record_key
    from {{ ref('int_contracts__identifiers') }} as identifiers
    left join {{ ref('identifier_types') }} as phone_types
        on identifiers.identifier_type = phone_types.identifier_type
            and phone_types.normaliser = 'phone'

),

final as (

    select
        identifiers.source,
        identifiers.record_key,
        identifiers.identifier_type,
        identifiers.identifier_value,
        case
            when identifiers.is_phone then coalesce(regions.region, {{ setting('country_code') }})
            else '-'
        end as region,
        identifiers.observed_at,
        identifiers.loaded_at,
        identifiers.is_authenticated,
        identifiers._file_name
    from identifiers
    -- plain comparisons only: with an `or` among them DuckDB compares every row with every other
    left join {{ ref('int_identity__contact_regions') }} as regions
        on identifiers.phone_record_key = regions.record_key
            and identifiers.loaded_at >= regions.known_from
            and identifiers.loaded_at < regions.known_before

)

select * from final
